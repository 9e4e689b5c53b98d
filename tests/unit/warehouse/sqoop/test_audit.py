"""The audit of profiles: what is right passes, and each kind of damage is named."""

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.warehouse.sqoop import audit
from footfall.warehouse.sqoop.audit import Period, ProfilesRefused, fault_of
from footfall.warehouse.sqoop.extracts import Summary
from tests.support.crm_people import PersonVersion, history, people
from tests.support.local_files import LocalFiles

VERSIONS = st.lists(
    st.tuples(
        st.sampled_from(("alice", "bob", "carol")), st.integers(1, 9), st.just(0), st.integers(0, 9), st.integers(0, 1)
    ).map(lambda values: PersonVersion(*values)),
    unique_by=lambda one: (one.user_id, one.version),
    min_size=1,
)


def _periods(rows: list[dict[str, Any]]) -> list[Period]:
    return [Period(row["user_id"], row["valid_from_ms"], row["valid_to_ms"], row["deleted"]) for row in rows]


def _expected(periods: list[Period]) -> Summary:
    return Summary(len(periods), len({period.user for period in periods}))


@given(VERSIONS)
def test_the_history_of_any_versions_passes(versions: list[PersonVersion]) -> None:
    periods = _periods(history(versions))
    assert fault_of(periods, _expected(periods)) == ""


@given(VERSIONS, st.data())
def test_a_lost_or_repeated_row_is_found(versions: list[PersonVersion], data: st.DataObject) -> None:
    periods = _periods(history(versions))
    one = data.draw(st.sampled_from(periods))
    assert "rows instead of" in fault_of([period for period in periods if period != one], _expected(periods))
    assert "rows instead of" in fault_of([*periods, one], _expected(periods))


@given(VERSIONS, st.data())
def test_an_overlap_or_a_gap_is_found(versions: list[PersonVersion], data: st.DataObject) -> None:
    periods = _periods(history(versions))
    at = data.draw(st.integers(0, len(periods) - 1))
    wrong = data.draw(st.integers(0, 20) | st.none())
    damaged = [*periods[:at], periods[at]._replace(to_ms=wrong), *periods[at + 1 :]]
    assert (fault_of(damaged, _expected(periods)) == "") == (damaged == periods)


@pytest.mark.parametrize(
    ("periods", "fault"),
    [
        ([Period("a", 1, 1, False), Period("a", 1, None, False)], "begin at the same instant"),
        ([Period("a", 1, None, None), Period("b", 1, None, False)], "lacks user_id, valid_from_ms or deleted"),
        ([Period(None, 1, None, False), Period("b", 1, None, False)], "lacks user_id, valid_from_ms or deleted"),
        ([Period("b", 1, 2, False), Period("b", 2, None, False)], "1 people instead of 2"),
    ],
)
def test_other_damage_is_named(periods: list[Period], fault: str) -> None:
    assert fault in fault_of(periods, Summary(2, 2 if "people" in fault else len({one.user for one in periods})))


def test_the_files_are_read_themselves(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    rows = history(people(seed=2, number=300))
    living = [row for row in rows if row["valid_to_ms"] is None and not row["deleted"]]
    assert 0 < len(living) < len(rows)
    expected = Summary(len(rows), len({row["user_id"] for row in rows}))
    _write(files, "/history", rows)
    _write(files, "/profiles", living)
    audit.check(files, "/history", "/profiles", expected)
    _write(files, "/profiles", living[1:])
    with pytest.raises(ProfilesRefused, match="does not hold exactly the people who are not deleted"):
        audit.check(files, "/history", "/profiles", expected)
    _write(files, "/history", rows[:-1])
    with pytest.raises(ProfilesRefused, match="The new profiles_history is wrong: it has"):
        audit.check(files, "/history", "/profiles", expected)


def _write(files: LocalFiles, folder: str, rows: list[dict[str, Any]]) -> None:
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), content)
    files.write(f"{folder}/part-00000.snappy.parquet", content.getvalue())

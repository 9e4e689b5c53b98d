"""Reading a record gives an event or raises Unparsable, whatever the record is; nothing fails later."""

from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from footfall.realtime import tables
from footfall.realtime.event_parser import ParsedEvent, Unparsable, read_event, read_rejected
from tests.support.events import ABSENT, stored_event
from tests.unit.events.strategies import VALUES

FIELDS = sorted(
    stored_event(
        user_id="u", element="e", error_code="c", error_message="m", country="DE", city="Köln", engaged_ms=1, lcp_ms=1
    )
)
LONGEST_KEY = 2**15 - 1


def read(**fields: Any) -> ParsedEvent | None:
    return read_event(5, orjson.dumps(stored_event(**fields)))


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES, min_size=1, max_size=3))
def test_an_event_gone_wrong_is_countable_or_unparsable(fields: dict[str, Any]) -> None:
    try:
        counted = read(**fields)
    except Unparsable:
        return
    if counted is not None:
        # Everything that the live path does with the event afterwards.
        (cell,) = tables.session_events(tables.session_cells([(counted.event_id, counted.cell)])).values()
        assert cell.offset == 5
        assert [tables.decode_row_key(row.encode()).app_id for row in counted.all_rows] == [cell.app_id] * len(
            counted.all_rows
        )
        if counted.city is not None:
            assert isinstance(tables.city_of(counted.city), tables.City)


@example(b'{"backfill":true}')
@given(st.binary(max_size=60) | st.builds(orjson.dumps, VALUES))
def test_anything_else_is_unparsable(record: bytes) -> None:
    with pytest.raises(Unparsable):
        read_event(0, record)
    with pytest.raises(Unparsable):
        read_rejected(record)


@pytest.mark.parametrize(
    ("fields", "failure", "not_found"),
    [
        ({"http_status": 499}, False, False),
        ({"http_status": 500}, True, False),
        ({"http_status": 404}, False, True),
        ({"http_status": ABSENT}, False, False),
        # One failure causes one event: a click on a failed or a missing page is not a failure.
        ({"event_type": "click", "http_status": 500}, False, False),
        ({"event_type": "click", "http_status": 404}, False, False),
        ({"event_type": "error", "http_status": ABSENT}, True, False),
        ({"event_type": "error", "http_status": 404}, True, False),
    ],
)
def test_what_is_a_failure(fields: dict[str, Any], failure: bool, not_found: bool) -> None:
    counted = read(**fields)
    assert counted is not None
    assert (counted.failure, counted.not_found) == (failure, not_found)
    assert ("\0error\0" in counted.all_rows[-1]) == failure


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"error_code": "E", "error_message": "m", "http_status": 500}, "E\x1fm\x1f/a"),
        ({"error_code": ABSENT, "http_status": 503}, "503\x1f\x1f/a"),
        ({"http_status": ABSENT, "error_message": "m"}, "\x1fm\x1f/a"),
    ],
)
def test_errors_are_grouped_by_code_or_status_message_and_page(fields: dict[str, Any], value: str) -> None:
    counted = read(event_type="error", page_path="/a", **fields)
    assert counted is not None
    assert tables.decode_row_key(counted.all_rows[-1].encode()).value == value


def test_only_page_views_have_response_times() -> None:
    view, click, unmeasured = read(), read(event_type="click"), read(response_ms=ABSENT)
    assert view is not None
    assert click is not None
    assert unmeasured is not None
    assert (view.bucket, click.bucket, unmeasured.bucket) == (35, -1, -1)


def test_an_event_without_a_page_is_in_no_pages_row() -> None:
    counted = read(event_type="login", page_path=ABSENT, page_section=ABSENT, country="DE")
    assert counted is not None
    assert [tables.decode_row_key(row.encode())[1::2] for row in counted.all_rows] == [
        ("app", ""),
        ("country", "DE"),
        ("device", "desktop"),
    ]


@pytest.mark.parametrize("field", ["page_path", "page_section", "country", "user_id", "anonymous_id", "session_id"])
def test_a_text_too_long_for_a_key_cannot_stop_a_partition(field: str) -> None:
    # No collector stores such an event, and HBase would refuse its key every time. Properties may have any length.
    assert read(properties={"a": "x" * 60_000}) is not None
    with pytest.raises(Unparsable, match="too long for a key"):
        read(**{field: "/" + "é" * (LONGEST_KEY // 2)})


def test_a_reject_with_an_app_id_too_long_for_a_key_cannot_stop_a_partition() -> None:
    record = {"app_id": "é" * (LONGEST_KEY // 2), "rejected_at": "2026-11-24T08:00:59.999Z", "original": ""}
    with pytest.raises(Unparsable, match="too long for a key"):
        read_rejected(orjson.dumps(record))
    assert read_rejected(orjson.dumps({**record, "app_id": "news", "original": "x" * 60_000}))[1] == "news"


@pytest.mark.parametrize(
    ("fields", "city"),
    [
        ({"city": "Köln", "latitude": 50.9, "longitude": 7.0}, tables.City("Köln", 50.9, 7.0)),
        ({"city": "Köln", "latitude": 51, "longitude": -0.0}, tables.City("Köln", 51.0, 0.0)),
        ({"city": "a\x1fb", "latitude": None, "longitude": ABSENT}, tables.City("a\x1fb", None, None)),
        ({"city": None, "latitude": 50.9, "longitude": 7.0}, None),
        ({"city": "Köln", "latitude": 50.9, "longitude": 7.0, "event_type": "click"}, None),
    ],
)
def test_a_page_view_has_a_city(fields: dict[str, Any], city: tables.City | None) -> None:
    counted = read(**fields)
    assert counted is not None
    assert (None if counted.city is None else tables.city_of(counted.city)) == city


def test_backfill_is_not_counted() -> None:
    assert read(backfill=True) is None
    assert read(backfill=False) is not None


def test_a_reject_belongs_to_its_site_and_minute() -> None:
    record = {"app_id": "news", "rejected_at": "2026-11-24T08:00:59.999Z", "reason": "not_json"}
    key, app, at_ms = read_rejected(orjson.dumps(record))
    assert key.encode() == tables.encode_row_key("news", "app", 29_925_120, "")
    assert (app, at_ms) == ("news", 29_925_120 * 60_000 + 59_999)


def test_an_event_of_vitals_has_its_values_in_their_order() -> None:
    given_values = {"lcp_ms": 1, "inp_ms": 2, "cls_milli": 3, "ttfb_ms": 4}
    event = read(event_type="web_vitals", **given_values)
    assert event is not None
    assert event.vitals == (1, 2, 3, 4)
    event = read(event_type="web_vitals", ttfb_ms=0)
    assert event is not None
    assert event.vitals == (None, None, None, 0)
    # Another event with such a field is none.
    event = read(lcp_ms=1)
    assert event is not None
    assert event.vitals is None

"""Decoding a record: typed columns, null for a value of another type, and no identity for anything but an event."""

from datetime import datetime, timezone
from typing import Any
from uuid import UUID

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.lake import schema
from footfall.streaming import deduplication, record_decoder
from tests.support.events import stored_event

_NEEDED = {
    name: stored_event()[name]
    for name in (
        "event_id", "app_id", "session_id", "anonymous_id", "event_type", "event_time", "received_at", "is_bot", "seq",
    )
}  # fmt: skip
_JSON = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=9)


def _read(*values: bytes | None, of_events: bool = True) -> record_decoder.Read:
    count = len(values)
    places = pa.array([3] * count, pa.int32()), pa.array(range(count), pa.int64())
    read = record_decoder.read(pa.array([of_events] * count), *places, pa.array(values, pa.binary()))
    assert read.keys.schema == record_decoder.KEYS
    assert read.keys["kafka_offset"].to_pylist() == list(range(count))
    for name in ("session_id", "event_id", "hash"):
        assert read.keys[name].is_valid() == read.keys["minute"].is_valid()
    assert {name: read.events.schema.field(name).type for name in schema.fields()} == dict(schema.fields())
    readable = read.keys.filter(read.keys["minute"].is_valid())
    assert read.events["kafka_offset"].to_pylist() == readable["kafka_offset"].to_pylist()
    return read


def _readable(*values: bytes | None, of_events: bool = True) -> list[bool]:
    read = _read(*values, of_events=of_events)
    return [bool(valid) for valid in read.keys["minute"].is_valid().to_pylist()]


def _event(**overrides: Any) -> bytes:
    return orjson.dumps(stored_event(**overrides))


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("response_ms", 12, 12),
        ("response_ms", 12.0, None),
        ("response_ms", True, None),
        ("response_ms", "12", None),
        ("response_ms", 2**31, None),
        ("value_cents", 2**31, 2**31),
        ("value_cents", 2**64, None),
        ("latitude", 51, 51.0),
        ("latitude", False, None),
        ("backfill", True, True),
        ("backfill", 1, None),
        ("page_title", 5, "5"),
        ("page_title", "", ""),
        ("page_title", "a\u2028b", "a\u2028b"),
        ("properties", {"b": 1, "a": [None]}, '{"b":1,"a":[null]}'),
        ("occurred_at", "2026-11-24T08:00:00.120Z", datetime(2026, 11, 24, 8, 0, 0, 120_000, timezone.utc)),
        ("occurred_at", "2026-02-30T08:00:00.120Z", None),
        ("occurred_at", "2026-11-24T08:00:60.120Z", None),
        ("occurred_at", "2026-11-24T08:00:00.120+01:00", None),
        ("occurred_at", "2026-11-24 08:00:00.120Z", None),
        ("occurred_at", "2026-11-24T08:00:00.120Z\n", None),
        ("occurred_at", 5, None),
    ],
)
def test_a_value_of_another_type_is_null_and_spoils_no_other(name: str, value: Any, kept: Any) -> None:
    plain, odd = stored_event(**{name: None}), {**stored_event(), name: value}
    written = _big(odd, name) if value == 2**64 else orjson.dumps(odd)
    found = _read(orjson.dumps(plain), written).events
    assert found[name].to_pylist() == [None, kept]
    assert found["session_id"].to_pylist() == [plain["session_id"], odd["session_id"]]


def _big(event: dict[str, Any], name: str) -> bytes:
    return orjson.dumps({**event, name: "big"}).replace(b'"big"', str(2**64).encode())


@given(st.lists(st.dictionaries(st.sampled_from([*schema.fields(), "unknown"]), _JSON), min_size=1, max_size=4))
def test_any_value_in_a_field_is_decoded(events: list[dict[str, Any]]) -> None:
    found = _read(*(orjson.dumps({**event, **_NEEDED}) for event in events)).events.to_pydict()
    for at, event in enumerate(events):
        for name, kind in schema.fields().items():
            value, kept = event.get(name), found[name][at]
            if name in _NEEDED or kept is None:
                continue
            if kind == pa.string():
                assert kept == (value if isinstance(value, str) else orjson.dumps(value).decode())
            else:
                assert kept == value
                assert isinstance(value, bool) == (kind == pa.bool_())


def test_an_object_that_is_nested_too_deeply_does_not_fail_the_batch() -> None:
    deep: dict[str, Any] = {}
    for _ in range(250):
        deep = {"a": deep}
    written = _event(properties="deep").replace(b'"deep"', b'{"a":' * 300 + b"1" + b"}" * 300)
    found = _read(_event(properties=deep), written).events["properties"].to_pylist()
    assert found == [orjson.dumps(deep).decode(), None]


def test_a_record_that_is_not_an_event_has_no_identity() -> None:
    assert (
        _readable(_event(), None, b"", b"[]", b"5", b'"text"', b"{", b"\xff", _event(seq="3")) == [True] + [False] * 8
    )
    assert _readable(_event(), of_events=False) == [False]


@pytest.mark.parametrize(
    "overrides",
    [
        {"event_id": "01890A5D-AC96-774B-BCCE-B302099A8057"},
        {"event_id": "01890a5d-ac96-774b-bcce-b302099a8057\n"},
        {"event_id": None},
        {"app_id": "Blog"},
        {"app_id": "blog\n"},
        {"app_id": "../blog"},
        {"app_id": "b" * 32},
        {"app_id": "all"},
        {"app_id": None},
        {"session_id": ""},
        {"session_id": None},
        {"anonymous_id": None},
        {"event_type": None},
        {"is_bot": 1},
        {"received_at": "2026-11-24"},
        {"event_time": "1969-12-31T23:59:59.999Z"},
        {"event_time": "2161-01-01T00:00:00.000Z"},
    ],
)
def test_an_event_without_a_required_field_is_unreadable(overrides: dict[str, Any]) -> None:
    assert _readable(_event(**overrides), _event()) == [False, True]


def test_minutes_are_counted_from_1970() -> None:
    events = [_event(event_time=at) for at in ("1970-01-01T00:00:59.999Z", "2026-11-24T23:59:59.999Z")]
    keys = _read(*events).keys
    end = int(datetime(2026, 11, 25, tzinfo=timezone.utc).timestamp()) // 60
    assert keys["minute"].to_pylist() == [0, end - 1]


def test_each_folder_gets_its_rows_by_time() -> None:
    events = [
        _event(app_id=app, event_time=f"2026-11-{day}.000Z")
        for app, day in (
            ("shop", "25T00:00:00"),
            ("shop", "24T23:59:59"),
            ("news", "24T08:00:00"),
            ("shop", "24T00:00:00"),
        )
    ]
    found = {(app, day): mine for app, day, mine in record_decoder.by_folder(_read(*events).events)}
    assert {folder: mine["kafka_offset"].to_pylist() for folder, mine in found.items()} == {
        ("shop", "2026-11-25"): [0],
        ("shop", "2026-11-24"): [3, 1],
        ("news", "2026-11-24"): [2],
    }
    assert all(mine.schema == schema.archived() for mine in found.values())


@given(st.lists(st.uuids(), min_size=1, max_size=40))
def test_a_hash_depends_on_every_digit_of_the_id_only(ids: list[UUID]) -> None:
    texts = [str(one) for one in ids]
    hashes = record_decoder.identity_hashes(pa.array(texts)).to_pylist()
    assert len(set(hashes)) == len(set(texts))
    assert record_decoder.identity_hashes(pa.array([None, *reversed(texts)])).to_pylist() == [None, *reversed(hashes)]
    # The same mix of both halves with Python's integers.
    high, low = divmod(ids[0].int, 1 << 64)
    swapped = [int.from_bytes(half.to_bytes(8, "big"), "little") for half in (high, low)]
    assert hashes[0] % (1 << 64) == swapped[0] * 0x9E3779B97F4A7C15 % (1 << 64) ^ swapped[1]


def test_a_record_without_identity_has_no_hash() -> None:
    assert _read(_event(), b"{").keys["hash"].is_null().to_pylist() == [False, True]
    assert record_decoder.identity_hashes(pa.array([None], pa.string())).to_pylist() == [None]


def test_the_lowest_offset_of_each_identity_is_kept() -> None:
    one, other = stored_event()["event_id"], "01890a5d-ac96-774b-bcce-b302099a8057"
    events = [
        _event(session_id=session, event_id=event_id)
        for session, event_id in (
            ("a", one), ("b", one), ("a", one), ("a", other), ("b", other), ("b", other), ("a", other),
        )
    ]  # fmt: skip
    read = _read(*events).events
    assert deduplication.without_repeats(read)["kafka_offset"].to_pylist() == [0, 1, 3, 4]
    backwards = read.take(list(reversed(range(len(events)))))
    assert deduplication.without_repeats(backwards)["kafka_offset"].to_pylist() == [4, 3, 1, 0]
    assert deduplication.without_repeats(read.slice(0, 0)).num_rows == 0

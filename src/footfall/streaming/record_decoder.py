"""Decodes Kafka's records into typed Arrow columns, by the event's JSON schema. It does not use Spark.

Spark's executor runs this in its Python workers. Spark's own expressions for sixty columns were as fast once compiled,
but three to four times slower before that, in the first batches of a driver.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import NoneType
from typing import Any, Final, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from footfall.events.times import SHAPE, parse_rfc3339_ms
from footfall.lake.schema import ORIGIN, TIME, archived, fields
from footfall.names import ALL_APPS, APP_ID

# As strict as the readers of the live path: the archive accepts the same events.
_UUID: Final = "^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"
# The site need not be registered, but its name must be valid as a folder name.
_APP: Final = f"^{APP_ID}$"
TIME_SHAPE: Final = f"^{SHAPE}$"
# Event times from 1970 to 2159, as on the live path: Python's calendar has all these days.
LAST_S: Final = 5_999_999_940
_NEEDED: Final = ("session_id", "anonymous_id", "event_type", "event_time", "received_at", "is_bot", "seq")
# The JSON values that a column of each type accepts. A flag is not a number here, although Python's bool is an int.
_KINDS: Final[dict[pa.DataType, frozenset[type]]] = {
    pa.bool_(): frozenset({bool, NoneType}),
    pa.float64(): frozenset({float, int, NoneType}),
    pa.int32(): frozenset({int, NoneType}),
    pa.int64(): frozenset({int, NoneType}),
}
KEYS: Final = pa.schema(
    [
        pa.field("is_event", pa.bool_()),
        *(pa.field(name, kind) for name, kind in ORIGIN),
        pa.field("session_id", pa.string()),
        pa.field("event_id", pa.string()),
        pa.field("minute", pa.int64()),
        pa.field("hash", pa.int64()),
    ]
)
# The positions of the digits in a text such as 01a20c91-9e0c-7bd6-9e7d-000000000001, and the value of each digit.
_DIGITS: Final = np.array([position for position in range(36) if position not in (8, 13, 18, 23)])
_WORTH: Final = np.zeros(256, dtype=np.uint8)
_WORTH[list(b"0123456789abcdef")] = range(16)
# An odd multiplier without a bit pattern, which mixes the bits of a hash.
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)


class Read(NamedTuple):
    """Decoded records. keys: one row (`KEYS`) for each record. events: the readable events as rows of `/events`, with
    the columns of `archived` and `app_id`."""

    keys: pa.RecordBatch
    events: pa.Table


def read(is_event: pa.Array, partitions: pa.Array, offsets: pa.Array, values: pa.Array) -> Read:
    """Decodes at least one record. is_event: whether a record is of the topic `events`; others are not decoded."""
    # Merging each object into a blank one puts its values into the order of the schema.
    blank, count = dict.fromkeys(fields()), len(fields())
    objects = map(_object, pc.if_else(is_event, values, None).to_pylist())
    cells = zip(*(tuple((blank | fields_of).values())[:count] for fields_of in objects), strict=True)
    columns = {name: _column(of_field, kind) for (name, kind), of_field in zip(fields().items(), cells, strict=True)}
    at_s = pc.floor_temporal(columns["event_time"], unit="second").cast(pa.timestamp("s", "UTC")).cast(pa.int64())
    readable = _readable(columns, at_s)
    shown = (columns["session_id"], columns["event_id"], pc.divide(at_s, 60))
    identity = [pc.if_else(readable, column, pa.scalar(None, column.type)) for column in shown]
    hashes = identity_hashes(identity[1])
    whole = pa.table([*columns.values(), partitions, offsets], names=[*columns, *(name for name, _ in ORIGIN)])
    return Read(
        pa.RecordBatch.from_arrays([is_event, partitions, offsets, *identity, hashes], schema=KEYS),
        whole.filter(readable),
    )


def _readable(columns: Mapping[str, pa.Array], at_s: pa.Array) -> pa.Array:
    named = pc.and_(pc.match_substring_regex(columns["app_id"], _APP), pc.not_equal(columns["app_id"], ALL_APPS))
    readable = pc.and_(pc.match_substring_regex(columns["event_id"], _UUID), named)
    readable = pc.and_(readable, pc.not_equal(columns["session_id"], ""))
    readable = pc.and_(readable, pc.and_(pc.greater_equal(at_s, 0), pc.less_equal(at_s, LAST_S)))
    for name in _NEEDED:
        readable = pc.and_(readable, pc.is_valid(columns[name]))
    return pc.fill_null(readable, False)


def identity_hashes(event_ids: pa.Array) -> pa.Array:
    """A 64-bit hash of each event id; null without an id.

    The session is not part of the hash: two sessions may share an id, so callers compare the identities themselves.
    """
    known = pc.drop_null(event_ids)
    digits = np.frombuffer("".join(known.to_pylist()).encode(), dtype=np.uint8).reshape(len(known), 36)[:, _DIGITS]
    worth = np.ascontiguousarray(_WORTH[digits])
    halves = (worth[:, ::2] << 4 | worth[:, 1::2]).view(np.uint64)
    hashes = pa.array((halves[:, 0] * _MIX ^ halves[:, 1]).view(np.int64))
    return pc.replace_with_mask(pa.nulls(len(event_ids), pa.int64()), pc.is_valid(event_ids), hashes)


def _object(value: bytes | None) -> dict[str, Any]:
    """The JSON object of a record; an empty one if the record is anything else."""
    try:
        read = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}


def _column(cells: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """A field of events as a column. A value of another type becomes null, or its JSON in a text column."""
    if kind == TIME:
        return _times(_column(cells, pa.string()))
    if kind == pa.string() or set(map(type, cells)) <= _KINDS[kind]:
        try:
            return pa.array(cells, kind)
        except (pa.ArrowTypeError, pa.ArrowInvalid, OverflowError):
            pass
    return pa.array([_fitting(cell, kind) for cell in cells], kind)


def _fitting(cell: Any, kind: pa.DataType) -> Any:
    if kind == pa.string():
        return cell if cell is None or isinstance(cell, str) else _json(cell)
    if type(cell) not in _KINDS[kind]:
        return None
    try:
        pa.scalar(cell, kind)
    except (pa.ArrowInvalid, OverflowError):
        # The number is too large for its column.
        return None
    return cell


def _json(cell: Any) -> str | None:
    try:
        return orjson.dumps(cell).decode()
    except orjson.JSONEncodeError:
        # orjson reads deeper nesting than the 254 levels that it writes.
        return None


def _times(texts: pa.Array) -> pa.Array:
    """Times in the form of `events.times`; null for any other form and for a date that does not exist."""
    shaped = pc.if_else(pc.match_substring_regex(texts, TIME_SHAPE), texts, None)
    try:
        # Arrow uses the same calendar as Python.
        return shaped.cast(TIME)
    except pa.ArrowInvalid:
        return pa.array([_microseconds(text) for text in shaped.to_pylist()], TIME)


def _microseconds(text: str | None) -> int | None:
    try:
        return None if text is None else parse_rfc3339_ms(text) * 1000
    except ValueError:
        return None


def by_folder(rows: pa.Table) -> Iterator[tuple[str, str, pa.Table]]:
    """Splits rows of `events` by file: the app, the day (YYYY-MM-DD), and the rows (`archived`) sorted by time."""
    days = pc.cast(rows["event_time"], pa.date32())
    for app in pc.unique(rows["app_id"]).to_pylist():
        of_app = pc.equal(rows["app_id"], app)
        for day in pc.unique(days.filter(of_app)).to_pylist():
            mine = rows.filter(pc.and_(of_app, pc.equal(days, day))).select(archived().names)
            yield app, day.isoformat(), mine.sort_by("event_time")

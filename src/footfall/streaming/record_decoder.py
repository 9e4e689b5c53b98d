"""From Kafka's bytes to typed columns, by the event's own schema. Pure: Arrow in, Arrow out; no Spark.

Spark's executor runs this in its Python workers. Its own expressions for sixty columns took as long once they were
compiled, and until then, in the first batches of a driver, three to four times as long.
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

# As strict as the readers of the live path: what they do not take, the archive does not.
_UUID: Final = "^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"
# Every site's, whether registered or not: it names a folder.
_APP: Final = f"^{APP_ID}$"
TIME_SHAPE: Final = f"^{SHAPE}$"
# No folder of a day that no calendar of Python's has: 1970 to 2159, as on the live path.
LAST_S: Final = 5_999_999_940
_NEEDED: Final = ("session_id", "anonymous_id", "event_type", "event_time", "received_at", "is_bot", "seq")
# What JSON may hold for a column of that type. Flags are no numbers, though Python takes them for such.
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
# Digits of a text such as 01a20c91-9e0c-7bd6-9e7d-000000000001, and what each is worth.
_DIGITS: Final = np.array([place for place in range(36) if place not in (8, 13, 18, 23)])
_WORTH: Final = np.zeros(256, dtype=np.uint8)
_WORTH[list(b"0123456789abcdef")] = range(16)
# Odd, without a pattern.
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)


class Read(NamedTuple):
    """What records hold. keys: a row (`KEYS`) for each. events: the readable ones as rows of `/events`: the columns of
    `archived`, and `app_id`."""

    keys: pa.RecordBatch
    events: pa.Table


def read(is_event: pa.Array, partitions: pa.Array, offsets: pa.Array, values: pa.Array) -> Read:
    """Reads records, at least one. is_event: whether it is of `events`; what is not is not read as one."""
    # Merged into all fields with nothing in them, an event's values stand in the order of the schema.
    blank, count = dict.fromkeys(fields()), len(fields())
    objects = map(_object, pc.if_else(is_event, values, None).to_pylist())
    cells = zip(*(tuple((blank | fields_of).values())[:count] for fields_of in objects), strict=True)
    told = {name: _column(of_field, kind) for (name, kind), of_field in zip(fields().items(), cells, strict=True)}
    at_s = pc.floor_temporal(told["event_time"], unit="second").cast(pa.timestamp("s", "UTC")).cast(pa.int64())
    readable = _readable(told, at_s)
    shown = (told["session_id"], told["event_id"], pc.divide(at_s, 60))
    identity = [pc.if_else(readable, column, pa.scalar(None, column.type)) for column in shown]
    hashes = identity_hashes(identity[1])
    whole = pa.table([*told.values(), partitions, offsets], names=[*told, *(name for name, _ in ORIGIN)])
    return Read(
        pa.RecordBatch.from_arrays([is_event, partitions, offsets, *identity, hashes], schema=KEYS),
        whole.filter(readable),
    )


def _readable(told: Mapping[str, pa.Array], at_s: pa.Array) -> pa.Array:
    named = pc.and_(pc.match_substring_regex(told["app_id"], _APP), pc.not_equal(told["app_id"], ALL_APPS))
    readable = pc.and_(pc.match_substring_regex(told["event_id"], _UUID), named)
    readable = pc.and_(readable, pc.not_equal(told["session_id"], ""))
    readable = pc.and_(readable, pc.and_(pc.greater_equal(at_s, 0), pc.less_equal(at_s, LAST_S)))
    for name in _NEEDED:
        readable = pc.and_(readable, pc.is_valid(told[name]))
    return pc.fill_null(readable, False)


def identity_hashes(event_ids: pa.Array) -> pa.Array:
    """64 bits that stand for an event's identity; null without an id. Of its id alone: where two sessions share one,
    the identities themselves tell them apart."""
    known = pc.drop_null(event_ids)
    digits = np.frombuffer("".join(known.to_pylist()).encode(), dtype=np.uint8).reshape(len(known), 36)[:, _DIGITS]
    worth = np.ascontiguousarray(_WORTH[digits])
    halves = (worth[:, ::2] << 4 | worth[:, 1::2]).view(np.uint64)
    hashes = pa.array((halves[:, 0] * _MIX ^ halves[:, 1]).view(np.int64))
    return pc.replace_with_mask(pa.nulls(len(event_ids), pa.int64()), pc.is_valid(event_ids), hashes)


def _object(value: bytes | None) -> dict[str, Any]:
    """The object that a record holds; an empty one of anything else."""
    try:
        read = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}


def _column(cells: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """A field of events. What is of another type is null, in text its JSON."""
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
        # Too large a number for its column.
        return None
    return cell


def _json(cell: Any) -> str | None:
    try:
        return orjson.dumps(cell).decode()
    except orjson.JSONEncodeError:
        # It writes 254 levels, and reads more than that.
        return None


def _times(texts: pa.Array) -> pa.Array:
    """Times written as `events.times` does; null what is written otherwise, or no calendar has."""
    shaped = pc.if_else(pc.match_substring_regex(texts, TIME_SHAPE), texts, None)
    try:
        # By the same calendar as Python's.
        return shaped.cast(TIME)
    except pa.ArrowInvalid:
        return pa.array([_microseconds(text) for text in shaped.to_pylist()], TIME)


def _microseconds(text: str | None) -> int | None:
    try:
        return None if text is None else parse_rfc3339_ms(text) * 1000
    except ValueError:
        return None


def by_folder(rows: pa.Table) -> Iterator[tuple[str, str, pa.Table]]:
    """Rows of `events` as those of one file each: app, day (YYYY-MM-DD), and the columns of `archived` by time."""
    days = pc.cast(rows["event_time"], pa.date32())
    for app in pc.unique(rows["app_id"]).to_pylist():
        of_app = pc.equal(rows["app_id"], app)
        for day in pc.unique(days.filter(of_app)).to_pylist():
            mine = rows.filter(pc.and_(of_app, pc.equal(days, day))).select(archived().names)
            yield app, day.isoformat(), mine.sort_by("event_time")

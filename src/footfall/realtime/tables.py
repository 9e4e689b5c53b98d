"""The live tables: row keys, what a cell holds, and their creation. One column family, `f`, in each."""

import contextlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgpack
import msgspec
from zlib_ng import zlib_ng

from footfall import names
from footfall.realtime import sketches
from footfall.realtime.alerts.alert import Alert

# Deliberately without a TTL: cells carry offsets for timestamps. One version: the newest offset is the truth.
FAMILIES: Final = {"f": {"max_versions": 1, "bloom_filter_type": "ROW", "time_to_live": -1}}
DIMENSIONS: Final = ("app", "page", "section", "country", "device", "error")
PROGRESS_COLUMN: Final = b"f:offset"
LOST_COLUMN: Final = b"f:lost"
CAUGHT_UP_COLUMN: Final = b"f:caught_up"
INDEX_COLUMN: Final = b"f:s"
ALERT_COLUMN: Final = b"f:alert"
# The index says anew when a person's session was last seen only once its newest event is so much newer, in ms.
INDEX_EVERY_MS: Final = 3_600_000
_SEPARATOR: Final = b"\0"
_PARTS: Final = "\x1f"
# More than visit at a time.
_CITIES: Final = 4_096
# HBase refuses 10 MiB for ever, and a partition would stand still at it. One event is never larger than its record.
_LARGEST_CELL: Final = 2**20
# Events of a session say much the same. Below that there is too little of it to be worth the time.
_DEFLATED_FROM: Final = 512
_DEFLATE_LEVEL: Final = 1
# How a zlib stream of that kind begins, and no MessagePack array.
_ZLIB: Final = b"\x78"
_pack: Final = msgspec.msgpack.Encoder().encode


class RowKey(NamedTuple):
    """The key of a row of `minute_metrics` or `active_users`; `minute` counts from 1970-01-01T00:00Z."""

    app_id: str
    dimension: str
    minute: int
    value: str


class Population(NamedTuple):
    """What is counted for people, or for bots.

    responses: histogram bucket → page views. errors: failed page views and error events; error_events: those alone.
    """

    events: int
    page_views: int
    errors: int
    not_found: int
    responses: dict[int, int]
    first_ms: int | None
    last_ms: int | None
    sample_request_id: str | None
    error_events: int


class Counts(NamedTuple):
    """A cell of `minute_metrics`: everything of one partition up to and including `offset`.

    Of people alone: entries and exits, on a page, are the visits whose first and whose last page view, as far as is
    counted, are among the row's (see `visits`); cities, in a country, are the page views from each, by `city_text`.
    """

    offset: int
    people: Population
    bots: Population
    entries: int = 0
    exits: int = 0
    cities: dict[str, int] | None = None


class DistinctVisitors(NamedTuple):
    """A cell of `active_users`; the sketches are as stored, the numbers are what they say."""

    offset: int
    people: int
    bots: int
    people_sketch: bytes
    bots_sketch: bytes


class SessionCell(NamedTuple):
    """What `sessions` keeps of one event. Times in ms since 1970; `offset` is the first that its identity had."""

    offset: int
    seq: int
    event_time_ms: int
    received_at_ms: int
    event_type: str
    app_id: str
    anonymous_id: str
    user_id: str | None
    page_view_id: str | None
    page_path: str | None
    page_title: str | None
    page_type: str | None
    element: str | None
    engaged_ms: int | None
    http_status: int | None
    is_bot: bool


class Progress(NamedTuple):
    """How far a partition is counted: `offset` is the last included, -1 if none is."""

    topic_id: str
    partitions: int
    offset: int
    unparsable: int


def encode_row_key(app_id: str, dimension: str, minute: int, value: str) -> bytes:
    """The key under which a row of `minute_metrics` or `active_users` is stored."""
    return f"{app_id}\0{dimension}\0{minute:08d}\0{value}".encode()


def decode_row_key(key: bytes) -> RowKey:
    """What `encode_row_key` was given."""
    app_id, dimension, minute, value = key.split(_SEPARATOR, 3)
    return RowKey(app_id.decode(), dimension.decode(), int(minute), value.decode())


def events_column(partition: int) -> bytes:
    """The column of a partition of `events`, in both aggregate tables."""
    return b"f:e%d" % partition


def rejected_column(partition: int) -> bytes:
    """The column of a partition of `events.rejected` in `minute_metrics`."""
    return b"f:r%d" % partition


class City(NamedTuple):
    """A city of `Counts.cities`; degrees to 0.1, None if unknown."""

    name: str
    latitude: float | None
    longitude: float | None


@lru_cache(_CITIES)
def city_text(name: str, latitude: float | None, longitude: float | None) -> str:
    """How `Counts.cities` names a city: with where it is, since names come more than once in a country."""
    # No place is named twice: zero has one sign.
    degrees = ["" if angle is None else str(angle + 0.0) for angle in (latitude, longitude)]
    return _PARTS.join((name, *degrees))


def city_of(text: str) -> City:
    """What `city_text` was given."""
    name, latitude, longitude = text.rsplit(_PARTS, 2)
    return City(name, float(latitude) if latitude else None, float(longitude) if longitude else None)


def encode_counts(counts: Counts) -> bytes:
    """The cell of `minute_metrics` that holds `counts`."""
    return _pack(counts)


def decode_counts(cell: bytes) -> Counts:
    """What a cell `f:eN` of `minute_metrics` holds."""
    offset, people, bots, *rest = msgpack.unpackb(cell, strict_map_key=False)
    # Cells from before there were visits and cities end here.
    return Counts(offset, Population(*people), Population(*bots), *rest)


def encode_rejected(offset: int, count: int) -> bytes:
    """The cell of `minute_metrics` that counts rejected events up to and including `offset`."""
    return _pack((offset, count))


def decode_rejected(cell: bytes) -> tuple[int, int]:
    """Offset and count of a cell `f:rN` of `minute_metrics`."""
    offset, count = msgpack.unpackb(cell)
    return offset, count


def encode_visitors(offset: int, people_sketch: bytes, bots_sketch: bytes) -> bytes:
    """The cell of `active_users` with those sketches."""
    return _pack((offset, people_sketch, bots_sketch))


def decode_visitors(cell: bytes) -> DistinctVisitors:
    """What a cell of `active_users` holds."""
    offset, people, bots = msgpack.unpackb(cell)
    return DistinctVisitors(offset, sketches.count(people), sketches.count(bots), people, bots)


def decode_visitor_sketches(cell: bytes) -> tuple[int, bytes, bytes]:
    """Offset and the two sketches of a cell of `active_users`, uncounted: merging needs no estimate of each."""
    offset, people, bots = msgpack.unpackb(cell)
    return offset, people, bots


def session_cells(events: Sequence[tuple[bytes, tuple[Any, ...]]]) -> dict[bytes, bytes]:
    """The cells, by column, that take these events into their session's row: one, unless it would grow too large.

    events: in order of offset, the sixteen bytes of the id of each and the fields of its `SessionCell`. A column is
    named after its first event. Whoever writes it again knew of no cell with that event, so it writes all that came of
    the session since: the cell with the newer timestamp holds what the other one did.
    """
    # Of a backlog a cell holds some ten events. HBase would do, for each cell of its own, most of what it does at all.
    packed = _pack(events)
    if len(packed) > _LARGEST_CELL and len(events) > 1:
        half = len(events) // 2
        return {**session_cells(events[:half]), **session_cells(events[half:])}
    if len(packed) >= _DEFLATED_FROM:
        packed = zlib_ng.compress(packed, _DEFLATE_LEVEL)
    return {session_column(events[0][0]): packed}


def decode_session_cell(column: bytes, cell: bytes) -> list[tuple[bytes, SessionCell]]:
    """The events of a cell of `sessions`, each with the sixteen bytes of its id."""
    found = msgpack.unpackb(zlib_ng.decompress(cell) if cell[:1] == _ZLIB else cell)
    if isinstance(found[0], int):
        # From before a cell held several.
        return [(column[2:], SessionCell(*found))]
    return [(event_id, SessionCell(*fields)) for event_id, fields in found]


def session_events(cells: Mapping[bytes, bytes]) -> dict[bytes, SessionCell]:
    """The events of a session's row, by the sixteen bytes of the id of each.

    An event that two processes have counted, one of which was thought to be dead, is in two cells: the lowest offset is
    its own.
    """
    found: dict[bytes, SessionCell] = {}
    for column, cell in cells.items():
        for event_id, event in decode_session_cell(column, cell):
            if event_id not in found or event.offset < found[event_id].offset:
                found[event_id] = event
    return found


def session_column(event_id: bytes) -> bytes:
    """The column that begins with an event, in its session's row; `event_id` are its sixteen bytes."""
    return b"f:" + event_id


def person_key(kind: str, person: str, session_id: str) -> bytes:
    """The row of `user_pages` that leads from a person to a session; `kind` is `u` (user) or `a` (anonymous)."""
    return f"{kind}:{person}\0{session_id}".encode()


def encode_index(offset: int, time_ms: int) -> bytes:
    """The cell of `user_pages`: an offset, and when (epoch ms) the newest event was that came before it of late. Later
    ones may be up to INDEX_EVERY_MS newer."""
    return _pack((offset, time_ms))


def progress_key(topic: str, partition: int) -> bytes:
    """The row of `progress` of a partition."""
    return f"{topic}|{partition}".encode()


def encode_progress(progress: Progress) -> bytes:
    """The cell `f:offset` of `progress`."""
    return _pack(progress)


def decode_progress(cell: bytes) -> Progress:
    """What the cell `f:offset` of `progress` holds."""
    return Progress(*msgpack.unpackb(cell))


def decode_losses(cell: bytes | None) -> list[tuple[int, int, int]]:
    """What the cell `f:lost` of `progress` holds, nothing if there is none: first offset, end, epoch ms of notice."""
    return [] if cell is None else [(first, end, ms) for first, end, ms in msgpack.unpackb(cell)]


def alert_key(alert: Alert) -> bytes:
    """The row of `alerts` of an alert, whatever its state."""
    return alert.alert_id.encode()


def encode_alert(alert: Alert) -> bytes:
    """The cell of `alerts` with an alert as it is now."""
    return _pack(alert)


def decode_alert(cell: bytes) -> Alert:
    """What a cell of `alerts` holds."""
    return Alert(*msgpack.unpackb(cell))


def create_missing(connection: Any) -> list[str]:
    """Creates those tables that HBase lacks, through an open `happybase.Connection`; returns their names."""
    # happybase makes this module from Thrift's own definition when it is imported, so no type checker finds it.
    import happybase  # noqa: F401
    from Hbase_thrift import AlreadyExists  # type: ignore[import-not-found]

    present = {name.decode() for name in connection.tables()}
    created = []
    for name in (*names.LIVE_TABLES, names.TABLE_ALERTS):
        if name in present:
            continue
        with contextlib.suppress(AlreadyExists):
            connection.create_table(name, FAMILIES)
            created.append(name)
    return created

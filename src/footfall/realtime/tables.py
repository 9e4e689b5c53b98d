"""The live tables in HBase: row keys, cell formats, and table creation. Each table has one column family, `f`."""

import contextlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgpack
import msgspec
from zlib_ng import zlib_ng

from footfall import names
from footfall.metrics.web_vitals import Vitals
from footfall.realtime import sketches
from footfall.realtime.alerts.alert import Alert

# No TTL, because timestamps are offsets here. One version, because the newest offset is the valid one.
FAMILIES: Final = {"f": {"max_versions": 1, "bloom_filter_type": "ROW", "time_to_live": -1}}
DIMENSIONS: Final = ("app", "page", "section", "country", "device", "error")
PROGRESS_COLUMN: Final = b"f:offset"
LOST_COLUMN: Final = b"f:lost"
CAUGHT_UP_COLUMN: Final = b"f:caught_up"
INDEX_COLUMN: Final = b"f:s"
ALERT_COLUMN: Final = b"f:alert"
# An index cell is written again only when the session's newest event is this much newer (ms).
INDEX_EVERY_MS: Final = 3_600_000
_SEPARATOR: Final = b"\0"
_CITY_SEPARATOR: Final = "\x1f"
# More cities than visitors come from at one time.
_CACHED_CITIES: Final = 4_096
# HBase refuses a cell of 10 MiB every time, which would block the partition. One event is smaller than its record.
_MAX_CELL_BYTES: Final = 2**20
# The events of a session are similar, so they compress well. Smaller cells are not worth the time.
_DEFLATED_FROM: Final = 512
_DEFLATE_LEVEL: Final = 1
# The first byte of such a zlib stream. No MessagePack array begins with it.
_ZLIB: Final = b"\x78"
_pack: Final = msgspec.msgpack.Encoder().encode


class RowKey(NamedTuple):
    """The key of a row of `minute_metrics` or `active_users`; `minute` counts from 1970-01-01T00:00Z."""

    app_id: str
    dimension: str
    minute: int
    value: str


class Population(NamedTuple):
    """The counts of one population: people or bots.

    responses: histogram bucket → page views
    errors: failed page views and error events; error_events: error events alone
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
    """A cell of `minute_metrics`: the counts of one partition up to and including `offset`.

    Only people are included in these:
    entries, exits: in a page's row, the visits whose first and last page view so far is among the row's (see `visits`)
    cities: in a country's row, the page views by `city_text`
    vitals: in the row of an app, a page or a device, how fast pages felt; None without an event `web_vitals`

    values: in a site's row, the values of people and bots that have rows of their own (see `known_values`)
    """

    offset: int
    people: Population
    bots: Population
    entries: int = 0
    exits: int = 0
    cities: dict[str, int] | None = None
    values: dict[str, bytes] | None = None
    vitals: Vitals | None = None


class DistinctVisitors(NamedTuple):
    """A cell of `active_users`: the sketches as stored, and their estimated numbers of visitors."""

    offset: int
    people: int
    bots: int
    people_sketch: bytes
    bots_sketch: bytes


class SessionCell(NamedTuple):
    """One event in `sessions`. Times are in ms since 1970; `offset` is the lowest one of the event's identity.

    event_name: of an event of the site's own type; older cells lack it.
    """

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
    event_name: str | None = None


class Progress(NamedTuple):
    """How far a partition is counted. `offset` is the last one included, -1 if there is none."""

    topic_id: str
    partitions: int
    offset: int
    unparsable: int


def encode_row_key(app_id: str, dimension: str, minute: int, value: str) -> bytes:
    """The key of a row of `minute_metrics` or `active_users`."""
    return f"{app_id}\0{dimension}\0{minute:08d}\0{value}".encode()


def decode_row_key(key: bytes) -> RowKey:
    """The inverse of `encode_row_key`."""
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


@lru_cache(_CACHED_CITIES)
def city_text(name: str, latitude: float | None, longitude: float | None) -> str:
    """The key of a city in `Counts.cities`. It includes the coordinates, since city names are not unique."""
    # Adding 0.0 turns -0.0 into 0.0, so that a place has only one key.
    degrees = ["" if angle is None else str(angle + 0.0) for angle in (latitude, longitude)]
    return _CITY_SEPARATOR.join((name, *degrees))


def city_of(text: str) -> City:
    """The inverse of `city_text`."""
    name, latitude, longitude = text.rsplit(_CITY_SEPARATOR, 2)
    return City(name, float(latitude) if latitude else None, float(longitude) if longitude else None)


def encode_counts(counts: Counts) -> bytes:
    """The cell of `minute_metrics` that holds `counts`."""
    return _pack(counts)


def decode_counts(cell: bytes) -> Counts:
    """Decodes a cell `f:eN` of `minute_metrics`."""
    offset, people, bots, *rest = msgpack.unpackb(cell, strict_map_key=False)
    # Older cells lack some of the last fields.
    counts = Counts(offset, Population(*people), Population(*bots), *rest)
    return counts if counts.vitals is None else counts._replace(vitals=msgspec.convert(counts.vitals, Vitals))


def encode_rejected(offset: int, count: int) -> bytes:
    """The cell of `minute_metrics` that counts rejected events up to and including `offset`."""
    return _pack((offset, count))


def decode_rejected(cell: bytes) -> tuple[int, int]:
    """Offset and count of a cell `f:rN` of `minute_metrics`."""
    offset, count = msgpack.unpackb(cell)
    return offset, count


def encode_visitors(offset: int, people_sketch: bytes, bots_sketch: bytes) -> bytes:
    """The cell of `active_users` that holds these sketches."""
    return _pack((offset, people_sketch, bots_sketch))


def decode_visitors(cell: bytes) -> DistinctVisitors:
    """Decodes a cell of `active_users` and estimates its numbers of visitors."""
    offset, people, bots = msgpack.unpackb(cell)
    return DistinctVisitors(offset, sketches.count(people), sketches.count(bots), people, bots)


def decode_visitor_sketches(cell: bytes) -> tuple[int, bytes, bytes]:
    """Offset and sketches (people, bots) of a cell of `active_users`, without the estimates, for merging."""
    offset, people, bots = msgpack.unpackb(cell)
    return offset, people, bots


def session_cells(events: Sequence[tuple[bytes, tuple[Any, ...]]]) -> dict[bytes, bytes]:
    """The cells, by column, that add these events to their session's row: one cell, or more if it would be too large.

    events: in order of offset, each as the 16 bytes of its id and the fields of its `SessionCell`

    A column is named after its first event. A writer writes the same column again only if it did not find that event in
    any cell. It then writes all later events of the session too, so the cell with the newer timestamp is complete.
    """
    # In a backlog a cell holds about ten events. HBase's cost is mostly per cell, so a cell per event would cost more.
    packed = _pack(events)
    if len(packed) > _MAX_CELL_BYTES and len(events) > 1:
        half = len(events) // 2
        return {**session_cells(events[:half]), **session_cells(events[half:])}
    if len(packed) >= _DEFLATED_FROM:
        packed = zlib_ng.compress(packed, _DEFLATE_LEVEL)
    return {session_column(events[0][0]): packed}


def decode_session_cell(column: bytes, cell: bytes) -> list[tuple[bytes, SessionCell]]:
    """The events of a cell of `sessions`, each with the 16 bytes of its id."""
    found = msgpack.unpackb(zlib_ng.decompress(cell) if cell[:1] == _ZLIB else cell)
    if isinstance(found[0], int):
        # An older cell, which holds a single event.
        return [(column[2:], SessionCell(*found))]
    return [(event_id, SessionCell(*fields)) for event_id, fields in found]


def session_events(cells: Mapping[bytes, bytes]) -> dict[bytes, SessionCell]:
    """The events of a session's row, keyed by the 16 bytes of the event id.

    If a process that was thought to be dead has counted an event too, the event is in two cells. The lower offset is
    the valid one.
    """
    found: dict[bytes, SessionCell] = {}
    for column, cell in cells.items():
        for event_id, event in decode_session_cell(column, cell):
            if event_id not in found or event.offset < found[event_id].offset:
                found[event_id] = event
    return found


def session_column(event_id: bytes) -> bytes:
    """The column, in a session's row, of the cell whose first event has these 16 bytes as its id."""
    return b"f:" + event_id


def person_key(kind: str, person: str, session_id: str) -> bytes:
    """The key in `user_pages` that maps a person to a session; `kind` is `u` (user) or `a` (anonymous)."""
    return f"{kind}:{person}\0{session_id}".encode()


def encode_index(offset: int, time_ms: int) -> bytes:
    """The cell of `user_pages`: the last offset of a batch, and the time (epoch ms) of the newest event in it.

    Later events that are less than INDEX_EVERY_MS newer do not update the cell.
    """
    return _pack((offset, time_ms))


def progress_key(topic: str, partition: int) -> bytes:
    """The key of a partition's row of `progress`."""
    return f"{topic}|{partition}".encode()


def encode_progress(progress: Progress) -> bytes:
    """The cell `f:offset` of `progress`."""
    return _pack(progress)


def decode_progress(cell: bytes) -> Progress:
    """Decodes the cell `f:offset` of `progress`."""
    return Progress(*msgpack.unpackb(cell))


def decode_losses(cell: bytes | None) -> list[tuple[int, int, int]]:
    """Decodes the cell `f:lost` of `progress`: first offset, end, time of detection (epoch ms) of each loss."""
    return [] if cell is None else [(first, end, ms) for first, end, ms in msgpack.unpackb(cell)]


def alert_key(alert: Alert) -> bytes:
    """The key of an alert's row of `alerts`, the same in every state."""
    return alert.alert_id.encode()


def encode_alert(alert: Alert) -> bytes:
    """The cell of `alerts` that holds an alert in its current state."""
    return _pack(alert)


def decode_alert(cell: bytes) -> Alert:
    """Decodes a cell of `alerts`."""
    return Alert(*msgpack.unpackb(cell))


def create_missing(connection: Any) -> list[str]:
    """Creates the missing tables through an open `happybase.Connection`; returns their names."""
    # happybase generates this module from a Thrift definition at import, so no type checker finds it.
    import happybase  # noqa: F401
    from Hbase_thrift import AlreadyExists  # type: ignore[import-not-found]

    present = {name.decode() for name in connection.tables()}
    created = []
    for name in (*names.LIVE_TABLES, names.TABLE_ALERTS, names.TABLE_RECOMMENDATIONS):
        if name in present:
            continue
        with contextlib.suppress(AlreadyExists):
            connection.create_table(name, FAMILIES)
            created.append(name)
    return created

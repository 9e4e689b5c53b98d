"""Deletes expired cells from the live tables.

Each cell is deleted at its own timestamp. Timestamps are offsets here, so a delete marker with the current time would
hide every later write.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgpack

from footfall import names, retention
from footfall.events.times import DAY_MS, MINUTE_MS
from footfall.realtime import tables
from footfall.realtime.apps import counted_apps
from footfall.realtime.store import HBaseStore
from footfall.settings import Settings

_BATCH_CELLS: Final = 10_000
_TIMEOUT_S: Final = 60.0

StampedRow = tuple[bytes, dict[bytes, tuple[bytes, int]]]
ExpiredCell = tuple[bytes, bytes, int]


class Cleared(NamedTuple):
    """cells: how many were deleted. days_left: how many days past their retention still have figures."""

    cells: int
    days_left: int


def sweep(settings: Settings) -> str:
    """Deletes cells older than `retention.live_days`; returns what it did in words. Raises HBaseUnavailable.

    The age is measured back from the newest counted event and not from the clock: after a long pause, repeats of the
    events that Kafka still holds must still be recognised. An event that lies ahead of the clock does not count, and
    the step in `retention` bounds the rest.
    """
    store, writer = HBaseStore(settings, _TIMEOUT_S), HBaseStore(settings, _TIMEOUT_S)
    try:
        cleared = clear(store, writer, settings.retention.live_days, int(time.time() * 1000))
    finally:
        store.close()
        writer.close()
    return f"{cleared.cells} cells deleted{retention.remaining(cleared.days_left)}"


def clear(store: HBaseStore, writer: HBaseStore, live_days: int, now_ms: int) -> Cleared:
    """As `sweep`, through two connections, since cells are deleted while the table is scanned.

    now_ms: ms since 1970
    """
    minutes = list(_minutes(store))
    newest = _newest(minutes, now_ms)
    if newest is None:
        return Cleared(0, 0)
    expired_ms = newest * MINUTE_MS - live_days * DAY_MS
    before_ms = retention.first_kept_ms(expired_ms, min(minutes) * MINUTE_MS)
    deleted = 0
    for table in (
        names.TABLE_SESSIONS,
        names.TABLE_USER_PAGES,
        names.TABLE_MINUTE_METRICS,
        names.TABLE_ACTIVE_USERS,
        names.TABLE_ALERTS,
    ):
        deleted += _delete(writer, table, expired(table, store.stamped(table), before_ms))
    return Cleared(deleted, _days_left(minutes, before_ms, expired_ms))


def newest_minute(store: HBaseStore, now_ms: int) -> int | None:
    """The newest minute with an event of any app that is not ahead of the clock; None if there is no such event.

    now_ms: ms since 1970. Raises HBaseUnavailable.
    """
    return _newest(_minutes(store), now_ms)


def _minutes(store: HBaseStore) -> Iterator[int]:
    """The minutes with events, those of one app after those of another."""
    for app in counted_apps(store, names.TABLE_ACTIVE_USERS):
        start, stop = tables.encode_row_key(app, "app", 0, ""), f"{app}\0app\x01".encode()
        for key, _ in store.scan(names.TABLE_ACTIVE_USERS, start, stop):
            yield tables.decode_row_key(key).minute


def _newest(minutes: Iterable[int], now_ms: int) -> int | None:
    return max((minute for minute in minutes if minute * MINUTE_MS <= now_ms), default=None)


def _days_left(minutes: Iterable[int], before_ms: int, expired_ms: int) -> int:
    left = (minute * MINUTE_MS for minute in minutes if before_ms <= minute * MINUTE_MS < expired_ms)
    return len({(ms - before_ms) // DAY_MS for ms in left})


def expired(table: str, rows: Iterable[StampedRow], before_ms: int) -> Iterator[ExpiredCell]:
    """Yields row, column and timestamp of each cell that is older than `before_ms` (ms since 1970)."""
    for key, cells in rows:
        for column, (cell, timestamp) in cells.items():
            if _age_reference_ms(table, key, column, cell) < before_ms:
                yield key, column, timestamp


def _age_reference_ms(table: str, key: bytes, column: bytes, cell: bytes) -> int:
    if table == names.TABLE_SESSIONS:
        return max(event.received_at_ms for _, event in tables.decode_session_cell(column, cell))
    if table == names.TABLE_USER_PAGES:
        # An event is received up to 72 h after it happened. Its session must be found as long as it is stored.
        return int(msgpack.unpackb(cell)[1]) + tables.INDEX_EVERY_MS + 3 * DAY_MS
    if table == names.TABLE_ALERTS:
        alert = tables.decode_alert(cell)
        # An open alert never expires.
        return alert.resolved_ms or sys.maxsize
    return tables.decode_row_key(key).minute * MINUTE_MS


def _delete(store: HBaseStore, table: str, cells: Iterable[ExpiredCell]) -> int:
    deleted, waiting = 0, 0
    by_stamp: dict[int, dict[bytes, list[bytes]]] = defaultdict(lambda: defaultdict(list))
    for key, column, timestamp in cells:
        by_stamp[timestamp][key].append(column)
        deleted, waiting = deleted + 1, waiting + 1
        if waiting >= _BATCH_CELLS:
            _send(store, table, by_stamp)
            waiting = 0
    _send(store, table, by_stamp)
    return deleted


def _send(store: HBaseStore, table: str, by_stamp: dict[int, dict[bytes, list[bytes]]]) -> None:
    for timestamp, rows in by_stamp.items():
        store.delete(table, rows, timestamp)
    by_stamp.clear()

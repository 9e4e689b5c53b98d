"""Clears the live tables of what is past its retention.

Each cell is deleted at its own timestamp: timestamps are offsets here, so a delete stamped with the time of day would
mask every later write.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

import msgpack

from footfall import names
from footfall.events.times import DAY_MS, MINUTE_MS
from footfall.realtime import tables
from footfall.realtime.apps import counted_apps
from footfall.realtime.store import HBaseStore
from footfall.settings import Settings

_AT_ONCE: Final = 10_000
_SLOW_S: Final = 60.0

Stamped = tuple[bytes, dict[bytes, tuple[bytes, int]]]
Doomed = tuple[bytes, bytes, int]


def sweep(settings: Settings) -> int:
    """Deletes what is older than `retention.live_days`, counted back from the newest event counted, not from the
    clock: after a long pause what Kafka still holds must still be known. Returns how many cells.
    Raises HBaseUnavailable.
    """
    store, writer = HBaseStore(settings, _SLOW_S), HBaseStore(settings, _SLOW_S)
    try:
        return clear(store, writer, settings.retention.live_days)
    finally:
        store.close()
        writer.close()


def clear(store: HBaseStore, writer: HBaseStore, live_days: int) -> int:
    """As `sweep`, through two connections, since deleting goes on while a table is read."""
    newest = newest_minute(store)
    if newest is None:
        return 0
    before_ms = newest * MINUTE_MS - live_days * DAY_MS
    deleted = 0
    for table in (
        names.TABLE_SESSIONS,
        names.TABLE_USER_PAGES,
        names.TABLE_MINUTE_METRICS,
        names.TABLE_ACTIVE_USERS,
        names.TABLE_ALERTS,
    ):
        deleted += _delete(writer, table, doomed(table, store.stamped(table), before_ms))
    return deleted


def newest_minute(store: HBaseStore) -> int | None:
    """The newest minute in which any app had an event; None if there was never one. Raises HBaseUnavailable."""
    newest = None
    for app in counted_apps(store, names.TABLE_ACTIVE_USERS):
        start, stop = tables.encode_row_key(app, "app", 0, ""), f"{app}\0app\x01".encode()
        for key, _ in store.scan(names.TABLE_ACTIVE_USERS, start, stop):
            newest = max(newest or 0, tables.decode_row_key(key).minute)
    return newest


def doomed(table: str, rows: Iterable[Stamped], before_ms: int) -> Iterator[Doomed]:
    """Row, column and timestamp of each cell that is older than `before_ms` (ms since 1970)."""
    for key, cells in rows:
        for column, (cell, timestamp) in cells.items():
            if _born_ms(table, key, column, cell) < before_ms:
                yield key, column, timestamp


def _born_ms(table: str, key: bytes, column: bytes, cell: bytes) -> int:
    if table == names.TABLE_SESSIONS:
        return max(event.received_at_ms for _, event in tables.decode_session_cell(column, cell))
    if table == names.TABLE_USER_PAGES:
        # An event is received up to 72 h after it happened; its session must be found as long as it is there.
        return int(msgpack.unpackb(cell)[1]) + tables.INDEX_EVERY_MS + 3 * DAY_MS
    if table == names.TABLE_ALERTS:
        alert = tables.decode_alert(cell)
        # One that is open is never old.
        return alert.resolved_ms or sys.maxsize
    return tables.decode_row_key(key).minute * MINUTE_MS


def _delete(store: HBaseStore, table: str, cells: Iterable[Doomed]) -> int:
    deleted, waiting = 0, 0
    by_stamp: dict[int, dict[bytes, list[bytes]]] = defaultdict(lambda: defaultdict(list))
    for key, column, timestamp in cells:
        by_stamp[timestamp][key].append(column)
        deleted, waiting = deleted + 1, waiting + 1
        if waiting >= _AT_ONCE:
            _send(store, table, by_stamp)
            waiting = 0
    _send(store, table, by_stamp)
    return deleted


def _send(store: HBaseStore, table: str, by_stamp: dict[int, dict[bytes, list[bytes]]]) -> None:
    for timestamp, rows in by_stamp.items():
        store.delete(table, rows, timestamp)
    by_stamp.clear()

"""Reads the live tables in HBase completely, and decides nothing."""

import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Final

from footfall import names
from footfall.kafka.topics import Topic, TopicPartition
from footfall.realtime import sweeper, tables
from footfall.realtime.apps import counted_apps
from footfall.realtime.lag import PartitionState, read_states
from footfall.realtime.store import HBaseStore
from footfall.settings import Settings

# A full read may have to wait for a region that is busy with counting.
_TIMEOUT_S: Final = 60.0


class HBaseLiveTables:
    """Implements `live_tables.LiveTables`. Every call may raise HBaseUnavailable."""

    def __init__(self, settings: Settings) -> None:
        self.store = HBaseStore(settings, _TIMEOUT_S)

    def progress(self, topics: Mapping[str, Topic]) -> Mapping[TopicPartition, PartitionState]:
        """How far every partition of these topics is counted."""
        return read_states(self.store, topics)

    def newest_minute(self) -> int | None:
        """The newest minute (since 1970) until now in which any app had an event; None if there never was one."""
        return sweeper.newest_minute(self.store, int(time.time() * 1000))

    def sessions(self) -> Iterator[tuple[bytes, Mapping[bytes, bytes]]]:
        """Every row of `sessions`, one after the other."""
        for key, cells in self.store.stamped(names.TABLE_SESSIONS):
            yield key, {column: cell for column, (cell, _) in cells.items()}

    def session(self, session_id: str) -> Mapping[bytes, bytes]:
        """The cells of one row of `sessions`."""
        return self.store.read_row(names.TABLE_SESSIONS, session_id.encode())

    def cells(self, table: str, column: bytes, since_minute: int) -> Iterator[tuple[bytes, bytes]]:
        """One column of an aggregate table, from a minute (since 1970) on, by app and dimension."""
        for start, stop in ranges(counted_apps(self.store, table), since_minute):
            for key, cells in self.store.scan(table, start, stop, [column]):
                yield key, cells[column]

    def close(self) -> None:
        """Closes the connection. The next call opens another."""
        self.store.close()


def ranges(apps: Iterable[str], since_minute: int) -> list[tuple[bytes, bytes]]:
    """Row ranges that contain every row of these apps from that minute on; for minute 0, all rows of all apps."""
    starts = sorted(
        tables.encode_row_key(app, dimension, since_minute, "") for app in apps for dimension in tables.DIMENSIONS
    )
    if since_minute == 0:
        return list(pairwise([b"", *starts, b""]))
    return [(start, start[: -len("00000000\0")] + b":") for start in starts]

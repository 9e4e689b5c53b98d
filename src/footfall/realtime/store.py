"""HBase through its Thrift server: batched reads, writes at a given timestamp, scans.

A connection belongs to one thread.
"""

import contextlib
import logging
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from thriftpy2.thrift import TException

from footfall import names
from footfall.errors import EngineUnavailable
from footfall.realtime import tables
from footfall.realtime.tables import Progress, SessionCell
from footfall.settings import Settings

log = logging.getLogger(__name__)
T = TypeVar("T")
Cells = dict[bytes, bytes]

# After the death of a region server its regions move within 40 s, and calls wait for that.
WRITER_TIMEOUT_S: Final = 60.0
READER_TIMEOUT_S: Final = 10.0
_SCAN_BATCH: Final = 1_000
# The Thrift server closes a connection that was idle for a minute, and then the next call on it fails.
_IDLE_S: Final = 30.0
# The Thrift server has a small heap and holds several copies of a call's rows. After a restart, when no row is cached,
# one flush of a backlog would ask for more than fits, again and again. A session's row holds all events of the session.
_ROWS_AT_ONCE: Final = 2_000
_SESSIONS_AT_ONCE: Final = 100


class HBaseUnavailable(EngineUnavailable):
    """HBase did not answer, or refused the call. The message is one sentence; the call may be tried again."""


class HBaseStore:
    """The live tables. It connects at the first use, and again after every failure or a pause of half a minute."""

    def __init__(self, settings: Settings, timeout_s: float = READER_TIMEOUT_S) -> None:
        """timeout_s: how long one call may wait for HBase, in seconds."""
        self._address = settings.address("hbase_thrift")
        self._timeout_ms = int(timeout_s * 1000)
        self._connection: Any = None
        self._used_s = 0.0

    def read_progress(self, topic: str, partition: int) -> Progress | None:
        """How far a partition is counted; None if it never was. Raises HBaseUnavailable."""
        cells = self.read_row(names.TABLE_PROGRESS, tables.progress_key(topic, partition))
        cell = cells.get(tables.PROGRESS_COLUMN)
        return None if cell is None else tables.decode_progress(cell)

    def read_losses(self, topic: str, partition: int) -> list[tuple[int, int, int]]:
        """The stored losses: first offset, end and time of detection (epoch ms). Raises HBaseUnavailable."""
        cells = self.read_row(names.TABLE_PROGRESS, tables.progress_key(topic, partition))
        return tables.decode_losses(cells.get(tables.LOST_COLUMN))

    def read_sessions(self, session_ids: Sequence[str]) -> dict[str, dict[bytes, SessionCell]]:
        """The events of each session, keyed by the 16 bytes of the event id. Raises HBaseUnavailable."""
        keys = [session_id.encode() for session_id in session_ids]
        return {
            key.decode(): tables.session_events(cells)
            for key, cells in self.read_rows(names.TABLE_SESSIONS, keys, at_once=_SESSIONS_AT_ONCE)
        }

    def read_cells(self, table: str, column: bytes, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The cell of one column, for each of the rows that has it. Raises HBaseUnavailable."""
        return {key: cells[column] for key, cells in self.read_rows(table, keys, [column]) if column in cells}

    def read_row(self, table: str, key: bytes) -> Cells:
        """The cells of one row; empty if the row does not exist. Raises HBaseUnavailable."""
        return self._call(lambda connection: dict(connection.table(table).row(key)))

    def read_rows(
        self, table: str, keys: Sequence[bytes], columns: Sequence[bytes] | None = None, at_once: int = _ROWS_AT_ONCE
    ) -> list[tuple[bytes, Cells]]:
        """The rows that exist. at_once: the number of rows that one call reads. Raises HBaseUnavailable."""
        found: list[tuple[bytes, Cells]] = []
        for begin in range(0, len(keys), at_once):
            part = list(keys[begin : begin + at_once])
            found += self._call(partial(_rows, table, part, columns))
        return found

    def scan(
        self, table: str, start: bytes, stop: bytes, columns: Sequence[bytes] | None = None
    ) -> list[tuple[bytes, Cells]]:
        """All rows with start ≤ key < stop, in order. Raises HBaseUnavailable."""

        def read(connection: Any) -> list[tuple[bytes, Cells]]:
            found = connection.table(table).scan(
                row_start=start, row_stop=stop or None, columns=columns, batch_size=_SCAN_BATCH
            )
            return list(found)

        return self._call(read)

    def first_keys(self, table: str, most: int, start: bytes = b"") -> list[bytes]:
        """The keys of a table's first rows from `start` on. Raises HBaseUnavailable."""

        def read(connection: Any) -> list[bytes]:
            # The Thrift server reads a whole batch ahead, so the batch is no larger than the limit.
            found = connection.table(table).scan(row_start=start or None, limit=most, batch_size=most)
            return [key for key, _ in found]

        return self._call(read)

    def stamped(self, table: str) -> Iterator[tuple[bytes, dict[bytes, tuple[bytes, int]]]]:
        """Scans a whole table; each cell comes with its timestamp. Raises HBaseUnavailable."""
        try:
            yield from self._connected().table(table).scan(include_timestamp=True, batch_size=_SCAN_BATCH)
        except (OSError, TException) as error:
            raise self._unavailable(error) from None

    def write(self, table: str, rows: Mapping[bytes, Mapping[bytes, bytes]], timestamp: int) -> None:
        """Writes cells with an HBase timestamp. Each row is written atomically.

        Raises HBaseUnavailable; some of the rows may then be written.
        """
        keys = list(rows)
        for begin in range(0, len(keys), _ROWS_AT_ONCE):
            part = {key: rows[key] for key in keys[begin : begin + _ROWS_AT_ONCE]}
            self._call(partial(_put, table, part, timestamp))

    def delete(self, table: str, cells: Mapping[bytes, Sequence[bytes]], timestamp: int) -> None:
        """Deletes columns of rows, only versions up to the timestamp. Raises HBaseUnavailable."""

        def remove(connection: Any) -> None:
            batch = connection.table(table).batch(timestamp=timestamp)
            for key, columns in cells.items():
                batch.delete(key, columns)
            batch.send()

        self._call(remove)

    def empty_tables(self) -> None:
        """Drops all live tables and creates them again, empty. Raises HBaseUnavailable."""

        def empty(connection: Any) -> None:
            present = {name.decode() for name in connection.tables()}
            # Progress goes first: after a crash, no remaining progress can claim that the figures are complete.
            for name in (names.TABLE_PROGRESS, *names.LIVE_TABLES):
                if name in present:
                    connection.delete_table(name, disable=True)
                    present.discard(name)
            tables.create_missing(connection)

        self._call(empty)

    def close(self) -> None:
        """Closes the connection; the next call opens another one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError, TException):
                connection.close()

    def _call(self, work: Callable[[Any], T]) -> T:
        try:
            done = work(self._connected())
            self._used_s = time.monotonic()
            return done
        except (OSError, TException) as error:
            raise self._unavailable(error) from None

    def _connected(self) -> Any:
        now_s = time.monotonic()
        if now_s - self._used_s > _IDLE_S:
            self.close()
        # A scan goes on with its connection after this, whatever is called meanwhile.
        self._used_s = now_s
        if self._connection is None:
            # Imported here, since listing the questions does not need it.
            import happybase

            connection = happybase.Connection(*self._address, timeout=self._timeout_ms)
            self._connection = connection
        return self._connection

    def _unavailable(self, error: Exception) -> HBaseUnavailable:
        # After a failed call the stream may hold part of a response, so the connection is not used again.
        self.close()
        if isinstance(error, socket.timeout):
            return HBaseUnavailable(f"HBase's Thrift server on port {self._address.port} did not answer in time.")
        reason = (getattr(error, "message", None) or str(error) or type(error).__name__).splitlines()
        return HBaseUnavailable(
            f"HBase's Thrift server on port {self._address.port} could not do it: {reason[0][:200]}."
        )


def _rows(table: str, keys: list[bytes], columns: Sequence[bytes] | None, connection: Any) -> list[tuple[bytes, Cells]]:
    return list(connection.table(table).rows(keys, columns=columns))


def _put(table: str, rows: Mapping[bytes, Mapping[bytes, bytes]], timestamp: int, connection: Any) -> None:
    batch = connection.table(table).batch(timestamp=timestamp)
    for key, cells in rows.items():
        batch.put(key, cells)
    batch.send()

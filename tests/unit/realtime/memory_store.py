"""A store in memory that keeps cells as HBase does, and raises Crash after a given number of writes."""

from collections.abc import Iterator, Mapping, Sequence

from footfall.realtime import tables
from footfall.realtime.store import HBaseUnavailable
from footfall.realtime.tables import Progress, SessionCell


class Crash(Exception):
    """The writing process crashes here."""


class Cells:
    """The cells in HBase. Each has the value with the highest timestamp, or the later write of equal ones.

    A delete masks what is written at its timestamp or below, also later.
    """

    def __init__(self) -> None:
        self.tables: dict[str, dict[bytes, dict[bytes, tuple[int, bytes]]]] = {}
        self._masked: dict[tuple[str, bytes, bytes], int] = {}

    def put(self, table: str, key: bytes, column: bytes, value: bytes, timestamp: int) -> None:
        if timestamp <= self._masked.get((table, key, column), -1):
            return
        row = self.tables.setdefault(table, {}).setdefault(key, {})
        if column not in row or timestamp >= row[column][0]:
            row[column] = (timestamp, value)

    def get(self, table: str, key: bytes) -> dict[bytes, bytes]:
        return {column: value for column, (_, value) in self.tables.get(table, {}).get(key, {}).items()}

    def delete(self, table: str, key: bytes, column: bytes, timestamp: int) -> None:
        place = (table, key, column)
        self._masked[place] = max(timestamp, self._masked.get(place, -1))
        rows = self.tables.get(table, {})
        if column in rows.get(key, {}) and rows[key][column][0] <= timestamp:
            del rows[key][column]
            if not rows[key]:
                del rows[key]


_LONGEST_KEY = 2**15 - 1


def _fit(*keys: bytes) -> None:
    """As HBase, refuses a key that is empty or longer than its two bytes of length can say."""
    if any(not 0 < len(key) <= _LONGEST_KEY for key in keys):
        raise HBaseUnavailable("HBase could not do it: row length.")


class MemoryStore:
    """One process's way to `cells`, with the methods of `HBaseStore` that the live path, its questions and its sweeper
    use. `writes_left`: after so many rows written it raises Crash; None for never.
    """

    def __init__(self, cells: Cells, writes_left: int | None = None) -> None:
        self.cells = cells
        self.writes_left = writes_left
        self.written: list[tuple[str, Mapping[bytes, Mapping[bytes, bytes]], int]] = []

    def read_progress(self, topic: str, partition: int) -> Progress | None:
        cell = self.cells.get("progress", tables.progress_key(topic, partition)).get(tables.PROGRESS_COLUMN)
        return tables.decode_progress(cell) if cell is not None else None

    def read_losses(self, topic: str, partition: int) -> list[tuple[int, int, int]]:
        cells = self.cells.get("progress", tables.progress_key(topic, partition))
        return tables.decode_losses(cells.get(tables.LOST_COLUMN))

    def read_sessions(self, session_ids: Sequence[str]) -> dict[str, dict[bytes, SessionCell]]:
        return {session: tables.session_events(self.cells.get("sessions", session.encode())) for session in session_ids}

    def read_cells(self, table: str, column: bytes, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        rows = {key: self.cells.get(table, key) for key in keys}
        return {key: row[column] for key, row in rows.items() if column in row}

    def write(self, table: str, rows: Mapping[bytes, Mapping[bytes, bytes]], timestamp: int) -> None:
        _fit(*rows)
        self.written.append((table, rows, timestamp))
        for key, row in rows.items():
            if self.writes_left is not None:
                if self.writes_left == 0:
                    raise Crash
                self.writes_left -= 1
            for column, value in row.items():
                self.cells.put(table, key, column, value, timestamp)

    def read_row(self, table: str, key: bytes) -> dict[bytes, bytes]:
        _fit(key)
        return self.cells.get(table, key)

    def read_rows(self, table: str, keys: Sequence[bytes]) -> list[tuple[bytes, dict[bytes, bytes]]]:
        _fit(*keys)
        return [(key, row) for key in keys if (row := self.cells.get(table, key))]

    def scan(self, table: str, start: bytes, stop: bytes) -> list[tuple[bytes, dict[bytes, bytes]]]:
        _fit(start, stop)
        found = sorted(key for key in self.cells.tables.get(table, {}) if start <= key < stop)
        return [(key, self.cells.get(table, key)) for key in found]

    def close(self) -> None:
        pass

    def first_keys(self, table: str, most: int, start: bytes = b"") -> list[bytes]:
        return sorted(key for key in self.cells.tables.get(table, {}) if key >= start)[:most]

    def stamped(self, table: str) -> Iterator[tuple[bytes, dict[bytes, tuple[bytes, int]]]]:
        for key, row in sorted(self.cells.tables.get(table, {}).items()):
            yield key, {column: (value, timestamp) for column, (timestamp, value) in row.items()}

    def delete(self, table: str, cells: Mapping[bytes, Sequence[bytes]], timestamp: int) -> None:
        for key, columns in cells.items():
            for column in columns:
                self.cells.delete(table, key, column, timestamp)

"""What a partition's rows need of the store, and the shape of what they write to it."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from footfall.realtime.tables import Progress, SessionCell

# Table → row → column → value. Tables are written in this order.
Batch = dict[str, dict[bytes, dict[bytes, bytes]]]
Record = tuple[int, bytes]

# A partition keeps so many rows in memory. A process counts at most eight partitions, and a row takes some kilobytes.
MAX_ROWS: Final = 6_000


class Store(Protocol):
    """The store as a partition uses it. Every call may raise; a write is done only when its call has returned."""

    def read_progress(self, topic: str, partition: int) -> Progress | None:
        """How far the partition is counted; None if it never was."""

    def read_losses(self, topic: str, partition: int) -> list[tuple[int, int, int]]:
        """The reported losses of the partition: first offset, end, and the time of detection in epoch ms."""

    def read_sessions(self, session_ids: Sequence[str]) -> dict[str, dict[bytes, SessionCell]]:
        """The events of each session, keyed by the 16 bytes of the event id."""

    def read_cells(self, table: str, column: bytes, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The cell of one column, for each of the rows that has it."""

    def write(self, table: str, rows: Mapping[bytes, Mapping[bytes, bytes]], timestamp: int) -> None:
        """Writes cells with an HBase timestamp. Each row is written atomically."""

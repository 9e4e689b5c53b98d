"""The interface through which the live tables are read. `hbase_live_tables.HBaseLiveTables` implements it."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from footfall.kafka.topics import Topic, TopicPartition
from footfall.realtime.lag import PartitionState


class LiveTables(Protocol):
    """The live tables. Each call may raise EngineUnavailable."""

    def progress(self, topics: Mapping[str, Topic]) -> Mapping[TopicPartition, PartitionState]:
        """How far every partition of these topics is counted."""

    def newest_minute(self) -> int | None:
        """The newest minute (since 1970) in which any app had an event; None if there never was one."""

    def sessions(self) -> Iterator[tuple[bytes, Mapping[bytes, bytes]]]:
        """Every row of `sessions`: its key, and its cells by column."""

    def session(self, session_id: str) -> Mapping[bytes, bytes]:
        """The cells of one row of `sessions` by column; empty if there is no such row."""

    def cells(self, table: str, column: bytes, since_minute: int) -> Iterator[tuple[bytes, bytes]]:
        """Key and cell of every row that has this column, in an aggregate table, from a minute (since 1970) on."""

    def close(self) -> None:
        """Closes the connection. The next call opens another."""

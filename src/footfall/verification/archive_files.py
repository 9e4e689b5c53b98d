"""Reads the archive in HDFS: its progress, and the identities in its Parquet files."""

import io
import time
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from footfall.hdfs import FileStatus, Hdfs, HdfsUnavailable
from footfall.lake import compaction, layout
from footfall.lake.progress import Current, Journal, Progress

_COLUMNS: Final = ("session_id", "event_id", "event_time", "kafka_partition", "kafka_offset")
_ATTEMPTS: Final = 60
_RETRY_S: Final = 0.5


class Archived(NamedTuple):
    """Rows of one site and day, in columns. event_ms: ms since 1970."""

    app_id: str
    sessions: list[str]
    events: list[str]
    event_ms: list[int]
    partitions: list[int]
    offsets: list[int]


class ArchiveFiles:
    """The files below `/events`. All methods raise HdfsUnavailable."""

    def __init__(self, hdfs: Hdfs) -> None:
        self._hdfs = hdfs
        self._journal = Journal(hdfs)

    def current(self) -> Current | None:
        """The archive's checkpoint; None before the archive began."""
        return self._journal.current()

    def latest(self, current: Current) -> Progress | None:
        """How far the archive is; None before the checkpoint's first batch."""
        return self._journal.latest(current.checkpoint)

    def rows(self, damaged: Callable[[str], None]) -> Iterator[Archived]:
        """Every archived row, folder by folder. The rows of one folder are a consistent snapshot.

        damaged: called with a sentence for each file that cannot be read.
        """
        for values, folder in layout.folders(self._hdfs, layout.EVENTS).items():
            for table in self._folder(folder, damaged):
                yield _columns(values[0], table)

    def day(self, dt: str, damaged: Callable[[str], None]) -> Iterator[Archived]:
        """Every archived row of a day, as `rows`. dt: YYYY-MM-DD."""
        for values, folder in layout.folders(self._hdfs, layout.EVENTS).items():
            if values[1] == dt:
                for table in self._folder(folder, damaged):
                    yield _columns(values[0], table)

    def _folder(self, folder: str, damaged: Callable[[str], None]) -> list[pa.Table]:
        for _ in range(_ATTEMPTS):
            listed = layout.parts(self._hdfs, folder)
            # During a compaction, merged rows may be in two files.
            if not compaction.under_way(self._hdfs):
                tables = [self._read(file, damaged) for file in listed]
                if all(table is not None for table in tables):
                    return [table for table in tables if table is not None and table.num_rows]
            time.sleep(_RETRY_S)
        raise HdfsUnavailable(f"The files in {folder} are being merged again and again.")

    def _read(self, file: FileStatus, damaged: Callable[[str], None]) -> pa.Table | None:
        """None if the file is gone; an empty table, after a call of `damaged`, if it cannot be read."""
        content = self._hdfs.read(file.path)
        if content is None:
            return None
        try:
            return pq.read_table(io.BytesIO(content), columns=list(_COLUMNS))
        except (pa.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
            damaged(f"{file.path} cannot be read: {reason}")
            return pa.table({name: [] for name in _COLUMNS})


def _columns(app_id: str, table: pa.Table) -> Archived:
    at_ms = table["event_time"].cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64())
    sessions, events, partitions, offsets = (
        table[name].to_pylist() for name in ("session_id", "event_id", "kafka_partition", "kafka_offset")
    )
    return Archived(app_id, sessions, events, at_ms.to_pylist(), partitions, offsets)

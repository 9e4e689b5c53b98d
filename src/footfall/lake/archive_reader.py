"""Reads columns of archived files with Arrow. It skips the row groups that cannot hold the requested minutes."""

import io
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from footfall.hdfs import FileStatus, HdfsUnavailable
from footfall.lake import damaged_files
from footfall.lake.layout import Files
from footfall.lake.schema import archived

# First and last minute since 1970, both included.
Span = tuple[int, int]

MINUTE_US: Final = 60_000_000
# Most files fit into one block, which is one request. For a larger file, the cache holds the blocks of one row group.
_BLOCK: Final = 4 << 20
_MOST_BLOCKS: Final = 4


def read(
    files: Files, file: FileStatus, spans: Sequence[Span], columns: Sequence[str], repeated: Sequence[str] = ()
) -> pa.Table:
    """Columns of a file's events whose minute lies in `spans`.

    spans: sorted ranges that do not overlap. columns: must include `event_time`. One that the file lacks, because it
    was written before the event had that field, is null.
    repeated: text columns with few distinct values; they are read as dictionaries.
    Raises HdfsUnavailable, and ArchiveRefused for a damaged file.
    """
    with damaged_files.refuse_damaged(file.path):
        parquet = _open(files, file, repeated)
        groups = [n for n in range(parquet.num_row_groups) if _may_hold(parquet.metadata.row_group(n), spans)]
        rows = _whole(parquet.read_row_groups(groups, list(columns), use_threads=False), columns, repeated)
    minutes = minutes_of(rows)
    firsts, lasts = (np.array(ends) for ends in zip(*spans, strict=True))
    at = np.minimum(np.searchsorted(lasts, minutes), len(lasts) - 1)
    return rows.filter(pa.array((firsts[at] <= minutes) & (minutes <= lasts[at])))


def groups(files: Files, file: FileStatus, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Columns of all events of a file, as `read` has them, one row group at a time. Raises the errors of `read`."""
    with damaged_files.refuse_damaged(file.path):
        parquet = _open(files, file)
        for number in range(parquet.num_row_groups):
            yield _whole(parquet.read_row_group(number, list(columns), use_threads=False), columns)


def minutes_of(rows: pa.Table) -> NDArray[np.int64]:
    """The minute (since 1970) of each row, by its `event_time`."""
    return np.asarray(rows["event_time"].cast(pa.int64()).to_numpy() // MINUTE_US)


def overlaps(span: Span, others: Iterable[Span]) -> bool:
    """Whether a span shares a minute with any of the others."""
    return any(first <= span[1] and last >= span[0] for first, last in others)


def _open(files: Files, file: FileStatus, repeated: Sequence[str] = ()) -> pq.ParquetFile:
    source = pa.PythonFile(_BlockReader(files, file), "r")
    parquet = pq.ParquetFile(source)
    dictionaries = [name for name in repeated if name in parquet.schema_arrow.names]
    return pq.ParquetFile(source, metadata=parquet.metadata, read_dictionary=dictionaries) if repeated else parquet


def _whole(rows: pa.Table, columns: Sequence[str], repeated: Sequence[str] = ()) -> pa.Table:
    """Adds columns of nulls for the fields that the event did not have when the file was written."""
    for name in columns:
        if name not in rows.column_names:
            kind = archived().field(name).type
            kind = pa.dictionary(pa.int32(), kind) if name in repeated else kind
            rows = rows.append_column(name, pa.nulls(rows.num_rows, kind))
    return rows.select(list(columns))


def _may_hold(group: pq.RowGroupMetaData, spans: Sequence[Span]) -> bool:
    for number in range(group.num_columns):
        column = group.column(number)
        statistics = column.statistics
        if column.path_in_schema == "event_time" and statistics is not None and statistics.has_min_max:
            low, high = (int(end.timestamp()) // 60 for end in (statistics.min, statistics.max))
            return overlaps((low, high), spans)
    return True


class _BlockReader(io.RawIOBase):
    """A seekable file in HDFS that fetches only the blocks that are read."""

    def __init__(self, files: Files, file: FileStatus) -> None:
        self._files = files
        self._file = file
        self._at = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.length}[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._file.length if size < 0 else min(self._at + size, self._file.length)
        found = []
        while self._at < end:
            number, start = divmod(self._at, _BLOCK)
            found.append(self._block(number)[start : start + end - self._at])
            self._at += len(found[-1])
        return found[0] if len(found) == 1 else b"".join(found)

    def _block(self, number: int) -> bytes:
        block = self._blocks.pop(number, None)
        if block is None:
            length = min(_BLOCK, self._file.length - number * _BLOCK)
            block = self._files.read_part(self._file.path, number * _BLOCK, length)
            if block is None or len(block) != length:
                raise HdfsUnavailable(f"{self._file.path} was deleted or shortened while it was read.")
        self._blocks[number] = block
        while len(self._blocks) > _MOST_BLOCKS:
            self._blocks.popitem(last=False)
        return block

"""Computes windows in Spark's Python workers, which read the archive's files straight from HDFS."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from footfall.hdfs import HdfsAway
from footfall.streaming import damage, windows
from footfall.streaming.holdings import Holdings, app_of
from footfall.streaming.minutes import Portion
from footfall.streaming.places import Files

# A task's files, packed: so many events of 100 bytes are some 60 MB as columns, beside the file that is being read.
_TASK_BYTES: Final = 32 << 20
# Texts that come again and again are read as numbers.
_REPEATED: Final = [
    "session_id", "anonymous_id", "event_type", "page_path", "page_section", "page_title", "country", "device_type",
]  # fmt: skip


class Task(NamedTuple):
    """Windows of one app that are computed together. paths: the files that may hold their events."""

    app_id: str
    paths: tuple[str, ...]
    minutes: tuple[int, ...]
    fives: tuple[int, ...]


def tasks(holdings: Holdings, portion: Portion) -> list[Task]:
    """What is to be done for a portion: one task for each app, more where its files are large; the largest first."""
    found = []
    files = holdings.files(_ends_included(portion))
    for app in sorted({app_of(file.path) for file in files}):
        mine = [file for file in files if app_of(file.path) == app]
        pieces = -(-sum(file.length for file in mine) // _TASK_BYTES)
        for part in _parts(portion, pieces):
            spans = _ends_included(part)
            held = [file for file in mine if holdings.may_hold(file.path, spans)]
            if held:
                size = sum(file.length for file in held)
                found.append((size, Task(app, tuple(file.path for file in held), part.minutes, part.fives)))
    return [task for _, task in sorted(found, reverse=True)]


def compute(spark: SparkSession, files: Files, todo: Sequence[Task]) -> pa.Table:
    """The windows (`windows.SCHEMA`). Raises what Spark raises, with the sentence of a HdfsAway or Refused in it."""
    if not todo:
        return windows.SCHEMA.empty_table()
    numbers = spark.range(0, len(todo), 1, len(todo))
    return numbers.mapInArrow(partial(_compute, files, todo), from_arrow_schema(windows.SCHEMA)).toArrow()


def _parts(portion: Portion, pieces: int) -> Iterable[Portion]:
    """The portion's windows in so many parts, by the time they start."""
    starts = sorted({*portion.minutes, *portion.fives})
    for mine in np.array_split(np.array(starts, dtype=np.int64), pieces):
        of_part = set(mine.tolist())
        yield Portion(portion.closed_until, _among(portion.minutes, of_part), _among(portion.fives, of_part))


def _among(starts: Iterable[int], wanted: Collection[int]) -> tuple[int, ...]:
    return tuple(start for start in starts if start in wanted)


def _ends_included(portion: Portion) -> list[tuple[int, int]]:
    return [(first, end - 1) for first, end in portion.spans()]


def _compute(files: Files, todo: Sequence[Task], numbers: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for number in (one for batch in numbers for one in batch.column(0).to_pylist()):
        yield from computed(files, todo[number]).to_batches()
    # The worker stays, with what it needs for the next batch at most.
    pa.default_memory_pool().release_unused()


def computed(files: Files, task: Task) -> pa.Table:
    """One task's windows. Raises HdfsAway, and Refused for a damaged file."""
    starts = (*task.minutes, *(start + windows.FIVE - 1 for start in task.fives), *task.fives)
    events = [_read(files, path, min(starts), max(starts) + 1) for path in task.paths]
    return windows.windows(task.app_id, pa.concat_tables(events), task.minutes, task.fives)


def _read(files: Files, path: str, first: int, end: int) -> pa.Table:
    """What people did in first ≤ minute < end, of one file."""
    content = files.read(path)
    if content is None:
        raise HdfsAway(f"{path}, found just now, is gone.")
    with damage.told(path):
        parquet = pq.ParquetFile(pa.BufferReader(content), read_dictionary=_REPEATED)
        table = parquet.read(windows.COLUMNS, use_threads=False)
    at = table["event_time"].cast(pa.int64())
    within = pc.and_(pc.greater_equal(at, first * windows.MINUTE_US), pc.less(at, end * windows.MINUTE_US))
    return table.filter(pc.and_(within, pc.invert(table["is_bot"])))

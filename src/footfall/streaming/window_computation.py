"""Computes windows in Spark's Python workers, which read the archive's files straight from HDFS."""

from collections.abc import Collection, Iterable
from functools import partial
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession

from footfall.hdfs import FileStatus
from footfall.lake import archive_reader
from footfall.lake.layout import Files
from footfall.streaming import python_workers, window_figures
from footfall.streaming.file_index import Holdings, app_of
from footfall.streaming.window_schedule import Portion

# A task's files, packed: so many events of 100 bytes are some 60 MB as columns.
_TASK_BYTES: Final = 32 << 20
_REPEATED: Final = (
    "session_id", "anonymous_id", "event_type", "page_path", "page_section", "page_title", "country", "device_type",
)  # fmt: skip


class Task(NamedTuple):
    """Windows of one app that are computed together. files: those that may hold their events."""

    app_id: str
    files: tuple[FileStatus, ...]
    portion: Portion


def compute(spark: SparkSession, files: Files, holdings: Holdings, portion: Portion) -> pa.Table:
    """A portion's windows, as `window_figures.SCHEMA`.

    Raises HdfsUnavailable, ArchiveRefused for a damaged file, and what Spark raises.
    """
    found = python_workers.each(spark, partial(computed, files), _tasks(holdings, portion))
    return pa.concat_tables([window_figures.SCHEMA.empty_table(), *found])


def computed(files: Files, task: Task) -> pa.Table:
    """One task's windows. Raises HdfsUnavailable, and ArchiveRefused for a damaged file."""
    spans = _ends_included(task.portion)
    events = [archive_reader.read(files, file, spans, window_figures.COLUMNS, _REPEATED) for file in task.files]
    return window_figures.windows(task.app_id, pa.concat_tables(events), task.portion.minutes, task.portion.fives)


def _tasks(holdings: Holdings, portion: Portion) -> list[Task]:
    """One task for each app, more where its files are large; the largest first."""
    found = []
    files = holdings.files(_ends_included(portion))
    for app in sorted({app_of(file.path) for file in files}):
        mine = [file for file in files if app_of(file.path) == app]
        for part in _parts(portion, -(-sum(file.length for file in mine) // _TASK_BYTES)):
            held = tuple(file for file in mine if holdings.may_hold(file.path, _ends_included(part)))
            if held:
                found.append((sum(file.length for file in held), Task(app, held, part)))
    return [task for _, task in sorted(found, key=lambda one: -one[0])]


def _parts(portion: Portion, pieces: int) -> Iterable[Portion]:
    """The portion's windows in at most so many parts, by the time they start."""
    starts = sorted({*portion.minutes, *portion.fives})
    for mine in np.array_split(np.array(starts), min(pieces, len(starts))):
        of_part = set(mine.tolist())
        yield Portion(portion.closed_until, _among(portion.minutes, of_part), _among(portion.fives, of_part))


def _among(starts: Iterable[int], wanted: Collection[int]) -> tuple[int, ...]:
    return tuple(start for start in starts if start in wanted)


def _ends_included(portion: Portion) -> list[archive_reader.Span]:
    return [(first, end - 1) for first, end in portion.spans()]

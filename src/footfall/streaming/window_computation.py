"""Computes windows in Spark's Python workers, which read the archive's files directly from HDFS."""

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
from footfall.streaming.file_index import FileIndex, app_of
from footfall.streaming.window_schedule import WindowSet

# The compressed size of a task's files. At 100 bytes an event, their events need about 60 MB as columns.
_TASK_BYTES: Final = 32 << 20
_REPEATED: Final = (
    "session_id", "anonymous_id", "event_type", "page_path", "page_section", "page_title", "country", "device_type",
)  # fmt: skip


class Task(NamedTuple):
    """Windows of one app that one task computes. files: the files that may hold their events."""

    app_id: str
    files: tuple[FileStatus, ...]
    window_set: WindowSet


def compute(spark: SparkSession, files: Files, file_index: FileIndex, window_set: WindowSet) -> pa.Table:
    """The windows of a set, as `window_figures.SCHEMA`.

    Raises HdfsUnavailable, ArchiveRefused for a damaged file, and Spark's errors.
    """
    found = python_workers.run_tasks(spark, partial(computed, files), _tasks(file_index, window_set))
    return pa.concat_tables([window_figures.SCHEMA.empty_table(), *found])


def computed(files: Files, task: Task) -> pa.Table:
    """The windows of one task. Raises HdfsUnavailable, and ArchiveRefused for a damaged file."""
    spans = _ends_included(task.window_set)
    events = [archive_reader.read(files, file, spans, window_figures.COLUMNS, _REPEATED) for file in task.files]
    return window_figures.windows(task.app_id, pa.concat_tables(events), task.window_set.minutes, task.window_set.fives)


def _tasks(file_index: FileIndex, window_set: WindowSet) -> list[Task]:
    """One task for each app, or more if its files are large; the largest tasks come first."""
    found = []
    files = file_index.files(_ends_included(window_set))
    for app in sorted({app_of(file.path) for file in files}):
        mine = [file for file in files if app_of(file.path) == app]
        for part in _parts(window_set, -(-sum(file.length for file in mine) // _TASK_BYTES)):
            held = tuple(file for file in mine if file_index.may_hold(file.path, _ends_included(part)))
            if held:
                found.append((sum(file.length for file in held), Task(app, held, part)))
    return [task for _, task in sorted(found, key=lambda one: -one[0])]


def _parts(window_set: WindowSet, pieces: int) -> Iterable[WindowSet]:
    """Splits the windows of a set by their start into at most `pieces` parts."""
    starts = sorted({*window_set.minutes, *window_set.fives})
    for mine in np.array_split(np.array(starts), min(pieces, len(starts))):
        of_part = set(mine.tolist())
        yield WindowSet(window_set.closed_until, _among(window_set.minutes, of_part), _among(window_set.fives, of_part))


def _among(starts: Iterable[int], wanted: Collection[int]) -> tuple[int, ...]:
    return tuple(start for start in starts if start in wanted)


def _ends_included(window_set: WindowSet) -> list[archive_reader.Span]:
    return [(first, end - 1) for first, end in window_set.spans()]

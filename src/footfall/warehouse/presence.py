"""Whether the files of published partitions are there. Hive answers without the rows of a folder that was deleted."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from footfall.lake.layout import Files, parts
from footfall.warehouse.tables import Table

# HDFS answers in some milliseconds, most of which a thread waits.
_PARALLEL: Final = 4


def gone(files: Files, tables: Iterable[Table], partitions: Mapping[str, str]) -> list[tuple[str, str]]:
    """The tables and days whose partition has no file, by day. Raises HdfsUnavailable.

    partitions: day → run. A partition without rows has a file, too.
    """
    wanted = [(table, day, run) for day, run in sorted(partitions.items()) for table in tables]
    with ThreadPoolExecutor(_PARALLEL) as pool:
        there = list(pool.map(lambda one: bool(parts(files, one[0].partition(one[1], one[2]))), wanted))
    return [(table.name, day) for (table, day, _), found in zip(wanted, there, strict=True) if not found]


def sentence(table: str, day: str) -> str:
    """Says what is gone, and the remedy."""
    return f"The rows of {day} in {table} were deleted from HDFS. `./footfall batch --date {day}` makes them again."

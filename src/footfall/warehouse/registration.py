"""Registers in Hive what a run wrote, with statistics, and removes replaced runs from Hive."""

import io
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from footfall.hdfs import FileStatus
from footfall.hive.metastore import Metastore, Partition
from footfall.lake.layout import Files
from footfall.warehouse import profiles
from footfall.warehouse.errors import PartitionDamaged
from footfall.warehouse.hive import ddl
from footfall.warehouse.tables import DATABASE, TABLES, Table

# WebHDFS answers in some milliseconds, most of which a thread waits.
_PARALLEL: Final = 4
# The footer of a file with 60 columns and a few row groups fits; a longer one is read with a second call.
_TAIL: Final = 64 * 1024


def register(
    metastore: Metastore, files: Files, run: str, days: Iterable[str], tables: Sequence[Table] = TABLES
) -> None:
    """Adds a run's partitions to the tables: two calls for each table, however many days there are.

    A partition is registered even if the run wrote no row into it. One that was registered before gets new statistics;
    meanwhile it is missing for an instant, so register before publishing.
    Raises HiveUnavailable, HdfsUnavailable, and PartitionDamaged if a file is no Parquet file.
    """
    listed = list(days)
    with ThreadPoolExecutor(_PARALLEL) as pool:
        for table in tables:
            folders = [(table.partition(day, run), (day, run)) for day in listed]
            partitions = list(pool.map(lambda one: partition_of(files, *one), folders))
            metastore.drop_partitions(DATABASE, ddl.runs(table), [_name(day, run) for day in listed])
            columns = [(column.name, column.type) for column in table.columns]
            metastore.add_partitions(DATABASE, ddl.runs(table), columns, partitions)


def drop(metastore: Metastore, table: Table, replaced: Iterable[tuple[str, str]]) -> None:
    """Removes partitions from Hive and leaves their files. Missing ones are ignored. Raises HiveUnavailable.

    replaced: pairs of day and run
    """
    metastore.drop_partitions(DATABASE, ddl.runs(table), [_name(day, run) for day, run in replaced])


def registered(metastore: Metastore, table: Table) -> set[tuple[str, str]]:
    """The pairs of day and run that Hive knows of a table. Raises HiveUnavailable."""
    return {_parsed(name) for name in metastore.partitions(DATABASE, ddl.runs(table))}


def register_profiles(metastore: Metastore, files: Files) -> None:
    """Adds the profiles in use to Hive, and removes runs that nobody may read any more.

    Raises HiveUnavailable, HdfsUnavailable, and PartitionDamaged.
    """
    in_use = profiles.published(files)
    if in_use is None:
        return
    for table in profiles.TABLES:
        known = metastore.partitions(DATABASE, ddl.runs(table))
        gone = [name for name in known if not in_use.has(name.removeprefix("run="))]
        metastore.drop_partitions(DATABASE, ddl.runs(table), gone)
        columns = [(column.name, column.type) for column in table.columns]
        partition = partition_of(files, table.partition(in_use.run), (in_use.run,))
        metastore.add_partitions(DATABASE, ddl.runs(table), columns, [partition])


def partition_of(files: Files, folder: str, values: tuple[str, ...]) -> Partition:
    """The partition in a folder, with its statistics. Raises HdfsUnavailable and PartitionDamaged.

    values: of the partition columns
    """
    parts = [entry for entry in files.list(folder) if not entry.is_folder and entry.name[0] not in "._"]
    rows = sum(_rows(files, part) for part in parts)
    return Partition(values, folder, rows, len(parts), sum(part.length for part in parts))


def _rows(files: Files, part: FileStatus) -> int:
    """The number of rows that a file's footer states."""
    length = min(part.length, _TAIL)
    tail = files.read_part(part.path, part.length - length, length) or b""
    # The last eight bytes are the footer's length and a magic number.
    footer = int.from_bytes(tail[-8:-4], "little") + 8
    if length < footer <= part.length:
        tail = files.read_part(part.path, part.length - footer, footer) or b""
    try:
        return int(pq.read_metadata(io.BytesIO(tail)).num_rows)
    except (pa.ArrowException, OSError):
        raise PartitionDamaged(f"{part.path} is damaged. Run the day again with `./footfall batch`.") from None


def _name(day: str, run: str) -> str:
    return f"dt={day}/run={run}"


def _parsed(name: str) -> tuple[str, str]:
    day, run = name.split("/")
    return day.removeprefix("dt="), run.removeprefix("run=")

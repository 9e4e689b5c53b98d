"""Puts the tables of a finished Pig script into place.

A partition appears by one rename, so it is whole or absent. Each day of a run has a partition of each table; one
without rows has a file without rows.
"""

from collections.abc import Mapping, Sequence

from footfall.lake.layout import Files, parts, put_folder
from footfall.warehouse.pig.errors import PigFailed
from footfall.warehouse.pig.script import PIG_TABLES


def put(files: Files, run: str, days: Sequence[str], staging: str) -> None:
    """Moves each table's folder of each day to the run's partition, and replaces an earlier one.

    staging: the folder that the script wrote to. Raises PigFailed if a folder is missing, before it moves any, and
    HdfsUnavailable.
    """
    wanted = [(table, day) for table in PIG_TABLES.values() for day in days]
    for table in PIG_TABLES.values():
        written = {entry.name for entry in files.list(f"{staging}/{table.name}")}
        if absent := [day for day in days if f"dt={day}" not in written]:
            raise PigFailed(f"Pig has written no {table.name} of {absent[0]}. Repeat the job.")
    for table, day in wanted:
        put_folder(files, f"{staging}/{table.name}/dt={day}", table.partition(day, run))


def keep(files: Files, run: str, days: Mapping[str, str], staging: str) -> None:
    """Copies another run's tables of some days into a run's partitions.

    days: day → the run whose tables are copied. staging: a folder for unfinished copies. Raises PigFailed if a table is
    not there any more, and HdfsUnavailable.
    """
    for day, kept in days.items():
        for table in PIG_TABLES.values():
            source, copy = table.partition(day, kept), f"{staging}/kept/{table.name}"
            found = parts(files, source)
            if not found:
                raise PigFailed(f"{source} is gone, and so are the log lines of {day}, of which it was made.")
            for part in found:
                content = files.read(part.path)
                if content is None:
                    raise PigFailed(f"{part.path} was deleted meanwhile. Start a new run.")
                files.write(f"{copy}/{part.name}", content)
            put_folder(files, copy, table.partition(day, run))

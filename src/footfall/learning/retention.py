"""Deletes what learning wrote and nobody needs any more: replaced and failed runs, and windows past their retention.

One sweep deletes the windows of one day at most.
"""

import time

from footfall.hdfs import Hdfs
from footfall.hive.metastore import Metastore
from footfall.jobs.model import RUN_ID
from footfall.lake.layout import Files
from footfall.learning.tables import POINTERS, RUNS, tables_of
from footfall.settings import Settings
from footfall.warehouse import published, registration
from footfall.warehouse.publish import alone
from footfall.warehouse.retention import FAILED_MS, begun_ms, first_kept, obsolete, partitions


def sweep(settings: Settings) -> str:
    """Deletes what is obsolete now. The newest published run of each kind stays, however old it is.

    Raises HdfsUnavailable, HiveUnavailable and PostgresUnavailable.
    """
    files, metastore = Hdfs(settings), Metastore(settings)
    now_ms = int(time.time() * 1000)
    deleted, kept = 0, set[str]()
    for pointer in POINTERS:
        known = published.read(files, pointer)
        stored = {table: partitions(files, table) for table in tables_of(pointer)}
        first = first_kept(settings, now_ms, [*known, *(one.day for found in stored.values() for one in found)])
        oldest = min([first, *list(known)[-1:]])
        if any(day < oldest for day in known):
            with alone(settings):
                known = {day: one for day, one in published.read(files, pointer).items() if day >= oldest}
                published.replace(files, known, pointer)
        kept |= {one.run for one in known.values()}
        for table, here in stored.items():
            gone = obsolete(here, known, oldest, now_ms)
            registration.drop(metastore, table, [(str(one.day), one.run) for one in gone])
            for one in gone:
                files.delete(table.partition(str(one.day), one.run))
            deleted += len(gone)
    return f"{deleted} partitions and {sweep_runs(files, kept, now_ms)} folders of runs deleted"


def sweep_runs(files: Files, kept: set[str], now_ms: int) -> int:
    """Deletes the folders of runs that are not kept and began a week ago; returns their number.

    now_ms: ms since 1970. Raises HdfsUnavailable.
    """
    old = [
        one
        for one in files.list(RUNS)
        if RUN_ID.fullmatch(one.name) and one.name not in kept and begun_ms(one.name) < now_ms - FAILED_MS
    ]
    return sum(files.delete(one.path) for one in old)

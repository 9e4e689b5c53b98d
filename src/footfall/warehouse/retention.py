"""Deletes partitions that nobody needs any more: of replaced and failed runs, and of days past their retention.

One sweep deletes one day at most.
"""

import time
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Final, NamedTuple

from footfall import retention
from footfall.hdfs import Hdfs
from footfall.hive.metastore import Metastore
from footfall.jobs.model import RUN_ID
from footfall.lake.layout import Files
from footfall.settings import Settings
from footfall.warehouse import published, registration
from footfall.warehouse.manifest import RUNS
from footfall.warehouse.profiles import GRACE_MS
from footfall.warehouse.publish import alone
from footfall.warehouse.published import Published
from footfall.warehouse.tables import TABLES, Table

# A run that failed its checks stays this long, so that its rows can be looked at.
FAILED_MS: Final = 7 * 24 * 3_600_000


class Partition(NamedTuple):
    """A day's rows of one run."""

    day: date
    run: str


def sweep(settings: Settings) -> str:
    """Deletes what is obsolete now. Raises HdfsUnavailable, HiveUnavailable and PostgresUnavailable."""
    files, metastore = Hdfs(settings), Metastore(settings)
    now_ms = int(time.time() * 1000)
    known = published.read(files)
    stored = {table: partitions(files, table) for table in TABLES}
    oldest = first_kept(settings, now_ms, [*known, *(one.day for found in stored.values() for one in found)])
    if any(day < oldest for day in known):
        with alone(settings):
            known = {day: one for day, one in published.read(files).items() if day >= oldest}
            published.replace(files, known)
    deleted, kept = 0, {one.run for one in known.values()}
    for table, here in stored.items():
        gone = obsolete(here, known, oldest, now_ms)
        registration.drop(metastore, table, [(str(one.day), one.run) for one in gone])
        for one in gone:
            files.delete(table.partition(str(one.day), one.run))
        deleted += len(gone)
        kept.update(one.run for one in set(here) - gone)
    return f"{deleted} partitions and {_sweep_records(files, kept, now_ms)} records of runs deleted"


def first_kept(settings: Settings, now_ms: int, stored: Iterable[date]) -> date:
    """The first day that a sweep keeps. now_ms: ms since 1970. stored: the days that are stored."""
    today = datetime.fromtimestamp(now_ms / 1000, timezone.utc).date()
    return retention.first_kept(today - timedelta(days=settings.retention.hdfs_events_days), stored)


def partitions(files: Files, table: Table) -> list[Partition]:
    """The partitions of a table that have a folder in HDFS. Raises HdfsUnavailable."""
    found = []
    for folder in files.list(table.folder):
        try:
            day = date.fromisoformat(folder.name.removeprefix("dt="))
        except ValueError:
            continue  # no run created this folder, so it is left alone
        names = (run.name.removeprefix("run=") for run in files.list(folder.path))
        found += [Partition(day, name) for name in names if RUN_ID.fullmatch(name)]
    return found


def obsolete(stored: Iterable[Partition], known: Mapping[date, Published], oldest: date, now_ms: int) -> set[Partition]:
    """Those of the stored partitions that can be deleted.

    known: the published run of each day. oldest: the first day that is kept. now_ms: ms since 1970.
    """

    def is_obsolete(one: Partition) -> bool:
        shown = known.get(one.day)
        if one.day < oldest:
            return True
        if shown is None:
            return begun_ms(one.run) < now_ms - FAILED_MS
        # A run that is under way is younger.
        replaced_ms = max(shown.published_ms, begun_ms(one.run))
        return one.run != shown.run and replaced_ms < now_ms - GRACE_MS

    return set(filter(is_obsolete, stored))


def begun_ms(run: str) -> int:
    """When a run began, by its id; ms since 1970."""
    moment = datetime.strptime(run.partition("-")[0], "%Y%m%dT%H%M%S").replace(tzinfo=timezone.utc)
    return int(moment.timestamp() * 1000)


def _sweep_records(files: Files, kept: set[str], now_ms: int) -> int:
    """Deletes manifests and verdicts of runs that have no partition any more; returns their number.

    kept: the runs that have one, or are published
    """
    deleted = 0
    for file in files.list(RUNS):
        run = RUN_ID.match(file.name)
        if run is not None and run[0] not in kept and begun_ms(run[0]) < now_ms - FAILED_MS:
            deleted += files.delete(file.path)
    return deleted

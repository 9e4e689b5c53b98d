"""Publishes days: one atomic step makes a run's partitions the ones that questions read."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Final

from footfall import postgres
from footfall.hdfs import Hdfs
from footfall.hive import Hive
from footfall.settings import Settings
from footfall.warehouse import firsts, published
from footfall.warehouse import manifest as manifests
from footfall.warehouse.audit import Verdict
from footfall.warehouse.errors import PublishRefused
from footfall.warehouse.manifest import Manifest
from footfall.warehouse.published import Published

# The key of PostgreSQL's advisory lock; any fixed number serves.
_LOCK: Final = 7_105_114_101


def publish(settings: Settings, run: str, verdicts: Sequence[Verdict]) -> list[date]:
    """Publishes the days of a run that passed their checks; returns them.

    Publishing again changes nothing. Raises PublishRefused, and nothing is published, if a published run of one of the
    days has read data that this run has not. Raises HdfsUnavailable and PostgresUnavailable.
    """
    hdfs = Hdfs(settings)
    new = manifests.load(hdfs, run)
    good = [verdict.day for verdict in verdicts if not verdict.blocks and verdict.day in new.dates]
    with alone(settings):
        known = published.read(hdfs)
        for day in good:
            if day in known and known[day].run != run:
                _refuse_older(new, manifests.load(hdfs, known[day].run), day)
        now_ms = int(time.time() * 1000)
        changed = {
            day: Published(day, run, now_ms, manifests.path(run))
            for day in good
            if day not in known or known[day].run != run
        }
        if changed:
            published.replace(hdfs, {**known, **changed})
            manifests.record_published(hdfs, run, changed)
        with Hive(settings) as hive:
            firsts.rebuild(hdfs, hive, published.read(hdfs))
    return good


def _refuse_older(new: Manifest, old: Manifest, day: date) -> None:
    """Raises PublishRefused if the published run has read events or files of the day that the new run has not."""
    dt = day.isoformat()
    behind = any(end > new.archive_ends.get(partition, 0) for partition, end in old.archive_ends.items())
    lost = any(set(days.get(dt, ())) - set(new.logs.get(kind, {}).get(dt, ())) for kind, days in old.logs.items())
    if behind or lost:
        raise PublishRefused(
            f"The run {new.run} read less of {day} than the published run {old.run}. Run the day again instead."
        )


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Holds the lock for publishing. PostgreSQL releases it when the connection of a killed process ends."""
    with postgres.connect(settings, "metastore", autocommit=True) as connection, postgres.errors_as_sentences():
        if connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone() != (True,):
            raise PublishRefused("Another process is publishing; try again in a moment.")
        try:
            yield
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))

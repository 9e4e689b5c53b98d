"""How far the archive is behind Kafka, and whether it moves: asked by `status`, the watchdog and the live page."""

import time
from collections.abc import Mapping
from typing import Final, NamedTuple

from footfall.hdfs import Hdfs, HdfsUnavailable
from footfall.kafka.logs import Logs, describe
from footfall.kafka.topics import KafkaUnavailable, TopicPartition
from footfall.lake.progress import Journal, Progress, ends_of
from footfall.settings import Settings
from footfall.streaming import driver_report

# A driver that starts on a busy machine says nothing for that long, and Spark's first batch takes longest.
_SILENT_S: Final = 90.0
# Longer than a batch of the largest size takes.
_STANDING_S: Final = 120.0


class ArchiveLag(NamedTuple):
    """records: in Kafka and not archived yet; age_s: seconds since the last archived batch began, if records wait, and
    else 0; None if nothing was archived yet."""

    records: int
    age_s: float | None


def lag(settings: Settings) -> ArchiveLag:
    """How far the archive is behind, now. Raises HdfsUnavailable and KafkaUnavailable."""
    records, latest = _waiting(settings)
    return measure(records, latest, time.time())


def measure(records: int, latest: Progress | None, now_s: float) -> ArchiveLag:
    """The lag that those facts mean. now_s: seconds since 1970."""
    if records == 0:
        return ArchiveLag(0, 0.0)
    return ArchiveLag(records, None if latest is None else max(0.0, now_s - latest.began_ms / 1000))


class Health:
    """Asked again and again; it remembers how far the archive was, since it has to move while records wait."""

    def __init__(self) -> None:
        self._moved: tuple[str, float] = "", 0.0

    def fault(self, settings: Settings, now_s: float) -> str:
        """'' if the driver works and what waits is archived, else what is not so."""
        told = driver_report.read(settings)
        if told is None or now_s - told.at_s > _SILENT_S:
            return "it has not said for a while what it does"
        if told.trouble:
            return told.trouble
        if told.stage != "archiving":
            return f"it is {told.stage}"
        try:
            records, latest = _waiting(settings)
        except (HdfsUnavailable, KafkaUnavailable) as error:
            return str(error)
        if latest is None:
            return "no batch is archived yet" if records else ""
        at = f"{latest.checkpoint}-{latest.batch}"
        if at != self._moved[0] or not records:
            self._moved = at, now_s
        if now_s - self._moved[1] > _STANDING_S:
            return f"{records} records wait, and nothing was archived for {now_s - self._moved[1]:.0f} s"
        return ""


def _waiting(settings: Settings) -> tuple[int, Progress | None]:
    """Records that are not archived yet, and how far the archive is."""
    with Logs(settings) as logs:
        bounds = logs.bounds(describe(settings))
    journal = Journal(Hdfs(settings))
    current = journal.current()
    latest = None if current is None else journal.latest(current.checkpoint)
    done: Mapping[TopicPartition, int] = {} if current is None else ends_of(current, latest)
    return sum(max(0, bound.end - max(bound.start, done.get(place, 0))) for place, bound in bounds.items()), latest

"""The archive's lag behind Kafka and the driver's health, for `status`, the watchdog and the live page."""

import time
from typing import Final, NamedTuple

from footfall.hdfs import Hdfs, HdfsUnavailable
from footfall.kafka.logs import Logs, describe
from footfall.kafka.topics import KafkaUnavailable
from footfall.lake.progress import Journal, Progress
from footfall.settings import Settings
from footfall.streaming import driver_report

# A driver that starts on a busy machine may not update its report for this long; Spark's first batch is the slowest.
_REPORT_MAX_AGE_S: Final = 90.0
# The largest batch takes less than this.
_MAX_STANDSTILL_S: Final = 120.0


class ArchiveLag(NamedTuple):
    """The archive's lag.

    records: the number of records in Kafka that are not archived yet.
    age_s: seconds since the last archived batch began; 0 if no record waits; None if nothing was archived yet.
    """

    records: int
    age_s: float | None


def lag(settings: Settings) -> ArchiveLag:
    """The current lag of the archive. Raises HdfsUnavailable and KafkaUnavailable."""
    records, latest = _waiting(settings)
    return archive_lag(records, latest, time.time())


def archive_lag(records: int, latest: Progress | None, now_s: float) -> ArchiveLag:
    """The lag for a number of waiting records and the latest progress. now_s: seconds since 1970."""
    if records == 0:
        return ArchiveLag(0, 0.0)
    return ArchiveLag(records, None if latest is None else max(0.0, now_s - latest.began_ms / 1000))


class Health:
    """Checks the driver repeatedly. It remembers the progress, since the archive must advance while records wait."""

    def __init__(self) -> None:
        self._moved: tuple[str, float] = "", 0.0

    def fault(self, settings: Settings, now_s: float) -> str:
        """'' if the driver works and the archive advances, else a sentence that names the fault.

        now_s: seconds since 1970.
        """
        report = driver_report.read(settings)
        if report is None or now_s - report.at_s > _REPORT_MAX_AGE_S:
            return f"it has not updated its report for {_REPORT_MAX_AGE_S:.0f} s"
        if report.trouble:
            return report.trouble
        if report.stage != "archiving":
            return f"it is {report.stage}"
        try:
            records, latest = _waiting(settings)
        except (HdfsUnavailable, KafkaUnavailable) as error:
            return str(error)
        if latest is None:
            return "no batch is archived yet" if records else ""
        at = f"{latest.checkpoint}-{latest.batch}"
        if at != self._moved[0] or not records:
            self._moved = at, now_s
        if now_s - self._moved[1] > _MAX_STANDSTILL_S:
            return f"{records} records wait, and nothing was archived for {now_s - self._moved[1]:.0f} s"
        return ""


def _waiting(settings: Settings) -> tuple[int, Progress | None]:
    """The number of records that are not archived yet, and the latest progress."""
    with Logs(settings) as logs:
        bounds = logs.bounds(describe(settings))
    latest, done = Journal(Hdfs(settings)).reached()
    records = sum(max(0, bound.end - max(bound.start, done.get(partition, 0))) for partition, bound in bounds.items())
    return records, latest

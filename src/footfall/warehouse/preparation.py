"""Begins a run: waits until the data of its days has arrived, and takes the manifest."""

import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from footfall.errors import first_of
from footfall.hdfs import Hdfs
from footfall.kafka.logs import Logs, describe
from footfall.kafka.topics import TopicPartition
from footfall.lake.layout import Files
from footfall.lake.progress import Journal
from footfall.logs import layout as log_layout
from footfall.logs.positions import read_positions, unread_bytes
from footfall.names import LOG_KINDS, MADE_LOG, TOPIC_EVENTS
from footfall.settings import Settings
from footfall.warehouse import days as day_list
from footfall.warehouse import manifest as manifests
from footfall.warehouse import published
from footfall.warehouse.errors import NothingArrived, NotSettled
from footfall.warehouse.manifest import Manifest

# The archive is seconds behind Kafka, and Flume closes a file at the latest after its roll interval.
PATIENCE_S: Final = 2.0 * log_layout.ROLL_S
_LOOK_S: Final = 2.0
# Between reading a line and writing it, Flume holds it in its channel.
_SETTLED_LOOKS: Final = 2
# Days in a sentence.
_MOST_NAMED: Final = 10
# A record that Kafka has held for longer is late in the archive.
_USUAL_LAG_MS: Final = 60_000


def new_run() -> str:
    """A new run id: the current UTC second and four random characters."""
    return f"{datetime.now(timezone.utc):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"


def prepare(
    settings: Settings,
    days: Sequence[date],
    run: str,
    report: Callable[[str], None],
    patience_s: float = PATIENCE_S,
) -> Manifest:
    """Waits until the data has arrived that existed when this was called, then takes and stores the manifest.

    A day without events and log lines is not in the manifest. report: gets a sentence whenever it begins to wait for
    something else, and about days that are left out or whose log lines are gone.
    Raises NothingArrived if no day is left, NotSettled, HdfsUnavailable and KafkaUnavailable.
    """
    hdfs = Hdfs(settings)
    _await_settled(settings, hdfs, days, report, patience_s)
    # Not sooner: events of these days may have been on their way to the archive.
    taken = take(hdfs, days_to_run(hdfs, days, report), run, int(time.time() * 1000))
    for day, kept in taken.lines_kept.items():
        report(f"The log lines of {day} are past their retention. Their tables stay as the run {kept} made them.")
    manifests.store(hdfs, taken)
    return taken


def look_first(settings: Settings, days: Sequence[date], report: Callable[[str], None]) -> list[date]:
    """Those of the days that are worth a run, ascending, without waiting for anything.

    If data of them may still be on its way to HDFS, these are all of them, since the run will wait for it.
    report: as in `days_to_run`. Raises NothingArrived, HdfsUnavailable and KafkaUnavailable.
    """
    topics, then_ms = describe(settings), int(time.time() * 1000) - _USUAL_LAG_MS
    wanted: dict[TopicPartition, int] = {}
    with Logs(settings) as logs:
        for topic in topics.values():
            wanted |= logs.ends_at(topic.name, topic.partitions, then_ms)
    return at_hand(settings, Hdfs(settings), days, wanted, report)


def at_hand(
    settings: Settings,
    hdfs: Hdfs,
    days: Sequence[date],
    wanted: Mapping[TopicPartition, int],
    report: Callable[[str], None],
) -> list[date]:
    """As `look_first`. wanted: the offsets that an archive that is not late has reached."""
    return sorted(days) if _obstacle(settings, hdfs, days, wanted) else days_to_run(hdfs, days, report)


def days_to_run(files: Files, days: Sequence[date], report: Callable[[str], None]) -> list[date]:
    """Those of the days that have data, ascending. report: gets a sentence that names the others.

    Raises NothingArrived if there is none, and HdfsUnavailable.
    """
    found = day_list.with_data(files, days)
    if not found:
        named = str(days[0]) if len(days) == 1 else f"any day from {min(days)} to {max(days)}"
        raise NothingArrived(f"HDFS has no events and no log lines of {named}, so there is nothing to run.")
    if empty := sorted(set(days) - set(found)):
        few = len(empty) <= _MOST_NAMED
        named = ", ".join(map(str, empty)) if few else f"{first_of(empty)} ({len(empty)} in all)"
        report(f"HDFS has no events and no log lines of these days, which are left out: {named}.")
    return found


def take(files: Files, days: Sequence[date], run: str, now_ms: int) -> Manifest:
    """The manifest of the data that is in HDFS now. Raises HdfsUnavailable and ManifestMissing."""
    # The ends come first: what is archived afterwards makes a day dirty, and is not lost.
    _, ends = Journal(files).reached()
    taken = Manifest(
        run=run,
        days=[day.isoformat() for day in sorted(days)],
        taken_ms=now_ms,
        archive_ends={str(partition): end for (topic, partition), end in sorted(ends.items()) if topic == TOPIC_EVENTS},
        logs={kind: {} for kind in LOG_KINDS},
        rejected={},
    )
    known = published.read(files)
    shown = {run: manifests.load(files, run) for run in {known[day].run for day in days if day in known}}
    for day in days:
        _add_lines(taken, files, day, shown[known[day].run] if day in known else None)
    return taken


def _add_lines(taken: Manifest, files: Files, day: date, shown: Manifest | None) -> None:
    """Adds a day's files of lines to a manifest. If some are gone that the published run read, its tables are kept.

    shown: the manifest of the day's published run, if there is one
    """
    dt = day.isoformat()
    for kind, paths in day_list.files_of_logs(files, day).items():
        taken.logs[kind][dt] = paths
    taken.rejected[dt] = day_list.files_of_rejects(files, day)
    if shown is None or shown.lines_of(dt) <= taken.lines_of(dt):
        return
    taken.lines_kept[dt] = shown.run
    # What the kept tables are made of stays listed. So does what came since, or the day would be dirty for ever.
    for kind in LOG_KINDS:
        taken.logs[kind][dt] = sorted({*taken.logs[kind][dt], *shown.logs.get(kind, {}).get(dt, ())})
    taken.rejected[dt] = sorted({*taken.rejected[dt], *shown.rejected.get(dt, ())})


def _await_settled(
    settings: Settings, hdfs: Hdfs, days: Sequence[date], report: Callable[[str], None], patience_s: float
) -> None:
    with Logs(settings) as logs:
        wanted = {partition: bound.end for partition, bound in logs.bounds(describe(settings)).items()}
    until, said, settled = time.monotonic() + patience_s, "", 0
    while True:
        obstacle = _obstacle(settings, hdfs, days, wanted)
        settled = 0 if obstacle else settled + 1
        if settled == _SETTLED_LOOKS:
            return
        if obstacle and time.monotonic() > until:
            raise NotSettled(
                f"{obstacle} for {patience_s:.0f} s. Run the days again once it has; see `./footfall status`."
            )
        if obstacle and obstacle != said:
            report(f"waiting: {obstacle}")
            said = obstacle
        time.sleep(_LOOK_S)


def _obstacle(settings: Settings, hdfs: Hdfs, days: Sequence[date], wanted: Mapping[TopicPartition, int]) -> str:
    """'' if the data has arrived, else the beginning of a sentence that says what has not.

    wanted: the offsets that the archive must reach.
    """
    _, ends = Journal(hdfs).reached()
    if any(ends.get(partition, 0) < end for partition, end in wanted.items()):
        return "The archive has not reached the end of Kafka's events"
    positions = read_positions(settings)
    if any(unread_bytes(path, positions) for path in _site_files(settings, days)):
        return "Flume has not read all log files of these days"
    for file in log_layout.open_files(hdfs):
        if (day := log_layout.day_of(file.path)) in days:
            return f"A log file of {day} has not been closed"
    return ""


def _site_files(settings: Settings, days: Collection[date]) -> list[Path]:
    """The sites' log files that may hold lines of these days.

    A site begins a new file each hour, so a line lies in a file that was opened on its day or shortly before. The names
    of generated files hold the day of their lines.
    """
    stamps = {f"{day:%Y%m%d}" for day in days} | {f"{day - timedelta(days=1):%Y%m%d}" for day in days}
    return [
        path
        for path in (settings.logs_dir / "sites").glob("*/*.log")
        if path.name.replace(MADE_LOG, "-").split("-", 1)[-1][:8] in stamps
    ]

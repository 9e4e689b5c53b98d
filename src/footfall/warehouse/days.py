"""Which days there are: archived, published, missing, dirty. A day is a UTC date."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from typing import Final

from footfall.hdfs import FileStatus, HdfsUnavailable
from footfall.lake import layout
from footfall.lake.layout import Files
from footfall.logs import layout as log_layout
from footfall.names import LOG_KINDS
from footfall.warehouse import manifest as manifests
from footfall.warehouse.errors import DaysRefused
from footfall.warehouse.manifest import Manifest

# HDFS keeps events this long by default; a longer range would mostly be empty.
MOST_DAYS: Final = 90


def span(first: date, last: date, today: date, kept_days: int | None = None) -> tuple[date, ...]:
    """The days from `first` to `last`, both included. Raises DaysRefused if they cannot be run.

    today: the current UTC day, which is not over. kept_days: for how many days HDFS keeps events; None if that does not
    matter.
    """
    if last < first:
        raise DaysRefused(f"The range ends on {last}, before it begins on {first}.")
    if last >= today:
        raise DaysRefused(
            f"{max(first, today)} is not over yet (UTC). The last day that can be run is {_before(today)}."
        )
    if (days := (last - first).days + 1) > MOST_DAYS:
        raise DaysRefused(f"The range has {days} days; one run takes at most {MOST_DAYS}.")
    if kept_days is not None and first < (oldest := today - timedelta(days=kept_days)):
        raise DaysRefused(
            f"The events of {first} are past their retention of {kept_days} days. "
            f"The first day that can be run is {oldest}."
        )
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))


def archived(hdfs: Files, only: Collection[date] | None = None) -> dict[date, list[str]]:
    """The days that have archived events, ascending: day → its folders, one per site. Raises HdfsUnavailable.

    only: leave out other days, which saves a call for each of their folders; None: all days
    """
    found: dict[date, list[str]] = {}
    for values, folder in layout.folders(hdfs, layout.EVENTS).items():
        day = layout.day_of(values)
        if day is not None and (only is None or day in only) and layout.parts(hdfs, folder):
            found.setdefault(day, []).append(folder)
    return dict(sorted(found.items()))


def with_data(hdfs: Files, days: Collection[date]) -> list[date]:
    """Those of these days that have archived events, log lines or rejects, ascending. Raises HdfsUnavailable."""
    events = archived(hdfs, days)
    return [
        day
        for day in sorted(days)
        if day in events or any(files_of_logs(hdfs, day).values()) or files_of_rejects(hdfs, day)
    ]


def missing(hdfs: Files, published: Iterable[date], today: date, kept_days: int) -> list[date]:
    """The days before today that are archived and not published, ascending. Raises HdfsUnavailable.

    kept_days: for how many days HDFS keeps events. An older day may still be there, but cannot be run.
    """
    oldest = today - timedelta(days=kept_days)
    return sorted({day for day in archived(hdfs) if oldest <= day < today} - set(published))


def made_by_history(day: date, today: date) -> str:
    """A space and a sentence with the command that makes visits of a day without any; '' if it is too long ago."""
    back = (today - day).days
    if back > MOST_DAYS:
        return ""
    return f" `./footfall history --days {back}` makes visits since {day}, with their tables."


def dirty(hdfs: Files, published: Mapping[date, str]) -> list[date]:
    """The published days that have data which their published run did not read, ascending.

    published: day → the published run. Raises HdfsUnavailable, ManifestMissing and ArchiveRefused.
    """
    known: dict[str, Manifest] = {}
    found = []
    folders = archived(hdfs)
    for day, run in sorted(published.items()):
        if run not in known:
            known[run] = manifests.load(hdfs, run)
        read = known[run]
        if log_files(hdfs, day, read) or any(_has_new_events(hdfs, folder, read) for folder in folders.get(day, ())):
            found.append(day)
    return found


def log_files(hdfs: Files, day: date, read: Manifest) -> list[str]:
    """The files of log lines and rejects of a day that a manifest lacks. Raises HdfsUnavailable."""
    known = read.lines_of(day.isoformat())
    return [
        path
        for paths in (*files_of_logs(hdfs, day).values(), files_of_rejects(hdfs, day))
        for path in paths
        if path not in known
    ]


def files_of_logs(hdfs: Files, day: date) -> dict[str, list[str]]:
    """The complete files of log lines of a day, by kind. Raises HdfsUnavailable."""
    return {
        kind: sorted(
            file.path
            for file in hdfs.list(f"{log_layout.ROOT}/{kind}/dt={day}")
            if not file.is_folder and not log_layout.is_open(file) and file.length
        )
        for kind in LOG_KINDS
    }


def files_of_rejects(hdfs: Files, day: date) -> list[str]:
    """The files of rejected events of a day. Raises HdfsUnavailable."""
    return sorted(file.path for file in layout.parts(hdfs, f"{layout.REJECTED.root}/dt={day}"))


def _has_new_events(hdfs: Files, folder: str, read: Manifest) -> bool:
    """Whether a folder has an event that a run with this manifest did not read.

    Only files that were written after the manifest can have one. Merged files are new, but their events are not.
    """
    return any(_is_beyond(hdfs, file, read) for file in layout.parts(hdfs, folder) if file.modified_ms >= read.taken_ms)


def _is_beyond(hdfs: Files, file: FileStatus, read: Manifest) -> bool:
    # Questions import this module, and a list of questions must appear fast.
    import pyarrow as pa

    from footfall.lake import archive_reader

    try:
        groups = list(archive_reader.groups(hdfs, file, ("kafka_partition", "kafka_offset")))
    except HdfsUnavailable:
        if hdfs.exists(file.path):
            raise
        return False  # merged into another file meanwhile, which is in the next listing
    if not groups:
        return False
    largest = pa.concat_tables(groups).group_by("kafka_partition").aggregate([("kafka_offset", "max")])
    return any(
        offset >= read.archive_ends.get(str(partition), 0)
        for partition, offset in zip(
            largest["kafka_partition"].to_pylist(), largest["kafka_offset_max"].to_pylist(), strict=True
        )
    )


def _before(day: date) -> date:
    return day - timedelta(days=1)

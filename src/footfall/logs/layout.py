"""Whose log lines Flume reads, their folders in HDFS, `/logs/KIND/dt=YYYY-MM-DD/`, and the names of open files."""

from datetime import date
from pathlib import Path
from typing import Final

from footfall import site_registry
from footfall.hdfs import FileStatus, Hdfs
from footfall.names import LOG_KINDS, LogKind
from footfall.settings import Settings

ROOT: Final = "/logs"
# All sites that are added write to one folder, so that Flume follows a new one's lines without a new configuration. No
# site can have this name.
ADDED: Final = "_added"
ROLL_S: Final = 300
# Nobody writes an older file any more: Flume rolls each file within ROLL_S.
ABANDONED_S: Final = 3 * ROLL_S
_OPEN_PREFIX: Final = "_"
_OPEN_SUFFIX: Final = ".tmp"
_DAY: Final = "dt="


def days(hdfs: Hdfs, kind: LogKind) -> dict[date, str]:
    """The folders of a kind by their UTC day, newest first. Raises HdfsUnavailable."""
    found = {}
    for folder in hdfs.list(f"{ROOT}/{kind}"):
        try:
            found[date.fromisoformat(folder.name.removeprefix(_DAY))] = folder.path
        except ValueError:
            continue  # Flume did not create this folder, so it is left alone
    return dict(sorted(found.items(), reverse=True))


def day_of(path: str) -> date | None:
    """The day of a file's folder; None if Flume did not create the folder."""
    try:
        return date.fromisoformat(path.rsplit("/", 2)[-2].removeprefix(_DAY))
    except (ValueError, IndexError):
        return None


def open_files(hdfs: Hdfs) -> list[FileStatus]:
    """The files that Flume is writing, and those that a crash left open. Raises HdfsUnavailable."""
    folders = (folder for kind in LOG_KINDS for folder in days(hdfs, kind).values())
    return [file for folder in folders for file in hdfs.list(folder) if is_open(file)]


def is_open(file: FileStatus) -> bool:
    """Whether a file has the name of an open file."""
    return not file.is_folder and has_open_name(file.path)


def has_open_name(path: str) -> bool:
    """Whether a path has the name of an open file."""
    name = path.rpartition("/")[2]
    return name.startswith(_OPEN_PREFIX) and name.endswith(_OPEN_SUFFIX)


def folder(settings: Settings, name: str) -> Path:
    """The folder in which a site's server, or all that are ADDED, write their lines."""
    return settings.logs_dir / "sites" / name


def folders(settings: Settings) -> tuple[str, ...]:
    """The names of these folders, with those of removed sites that may have left lines. Raises SitesError."""
    return (*site_registry.names_and_folders(settings, settings.logs_dir / "sites"), ADDED)


def followed(settings: Settings) -> list[str]:
    """The names of the folders that Flume reads on this machine.

    In a cluster, one whose name ends with that of a site reads only that site's.
    """
    names = folders(settings)
    return [name for name in names if settings.host.endswith(name)] or list(names)


def writer(path: str) -> str:
    """The name of the machine whose Flume wrote a file."""
    return path.rpartition("/")[2].removeprefix(_OPEN_PREFIX).partition(".")[0]


def final_name(path: str, attempt: int) -> str:
    """The name of an open file after it is finished. attempt: 0, then one more for each name that already exists."""
    folder, _, name = path.rpartition("/")
    stem = name.removeprefix(_OPEN_PREFIX).removesuffix(_OPEN_SUFFIX).removesuffix(".log")
    return f"{folder}/{stem}{f'-{attempt}' if attempt else ''}.log"

"""Where the archive lies in HDFS, and what its files are called.

Names that begin with `_` are hidden from Spark, Hive and everybody else who reads whole folders.
"""

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, NamedTuple, Protocol

from footfall.hdfs import FileStatus

PROGRESS: Final = "/events/_progress"
CURRENT: Final = f"{PROGRESS}/current.json"
INTENT: Final = f"{PROGRESS}/compaction.json"
STAGING: Final = "/events/_staging"
CHECKPOINTS: Final = "/checkpoints"
_NAME: Final = re.compile(r"([0-9a-f]{8})-([0-9]{9,})(?:_([1-9])|-([0-9]{9,})-([0-9]))?\.parquet")


class Store(NamedTuple):
    """A data set of Parquet files. columns: whose values name its folders, in their order; `dt` is the last."""

    root: str
    columns: tuple[str, ...]


EVENTS: Final = Store("/events", ("app_id", "dt"))
REJECTED: Final = Store("/events_rejected", ("dt",))


class Files(Protocol):
    """What of HDFS the archive needs; `footfall.hdfs.Hdfs` in life. Pickles, for Spark. All raise HdfsUnavailable."""

    def list(self, path: str) -> list[FileStatus]:
        """What is in a folder; nothing if there is no such folder."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None if there is none."""

    def read_part(self, path: str, offset: int, length: int) -> bytes | None:
        """So many bytes of a file from an offset in it; None if there is none."""

    def write(self, path: str, content: bytes) -> None:
        """Writes a file whole."""

    def replace(self, path: str, target: str) -> None:
        """Renames a file over whatever is called so."""

    def make_folder(self, path: str) -> None:
        """Makes a folder and those above it."""

    def delete(self, path: str) -> bool:
        """Deletes a file or a folder; False if there was none."""

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder."""


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """A file's name: what batches of which checkpoint it holds, both included. level: how often it was merged.

    piece: of a large batch that was written as several files, 0 to 9; 0 of a merged one.
    """

    checkpoint: str
    first: int
    last: int
    level: int
    piece: int = 0

    @property
    def name(self) -> str:
        """As it stands in HDFS."""
        if self.level == 0:
            piece = f"_{self.piece}" if self.piece else ""
            return f"{self.checkpoint}-{self.first:09}{piece}.parquet"
        return f"{self.checkpoint}-{self.first:09}-{self.last:09}-{self.level}.parquet"


def part_of(name: str) -> Part | None:
    """What a file's name says; None if the archive wrote no such name."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    checkpoint, first, piece, last, level = match.groups()
    return Part(checkpoint, int(first), int(last or first), int(level or 0), int(piece or 0))


def is_of(name: str, batch: Part) -> bool:
    """Whether a file is one of those that a batch was written as."""
    part = part_of(name)
    return part is not None and replace(part, piece=0) == batch


def put(files: Files, path: str, content: bytes) -> None:
    """Writes a file whole: readers find the one before it or this one. Raises HdfsUnavailable."""
    folder, _, name = path.rpartition("/")
    # Hidden by its first character; what a crash leaves is written over by the next.
    staged = f"{folder}/_{name}"
    files.write(staged, content)
    files.replace(staged, path)


def checkpoint_folder(checkpoint: str) -> str:
    """Where Spark keeps a checkpoint of the archive's query."""
    return f"{CHECKPOINTS}/archive-{checkpoint}"


def progress_file(checkpoint: str, batch: int) -> str:
    """Where a batch's progress stands."""
    return f"{PROGRESS}/{checkpoint}-{batch:09}.json"


def folders(files: Files, store: Store) -> dict[tuple[str, ...], str]:
    """The folders of a store by the values in their names, in order. Raises HdfsUnavailable."""
    level: dict[tuple[str, ...], str] = {(): store.root}
    for column in store.columns:
        level = {
            (*values, entry.name.removeprefix(f"{column}=")): entry.path
            for values, folder in level.items()
            for entry in files.list(folder)
            if entry.is_folder and entry.name.startswith(f"{column}=")
        }
    return dict(sorted(level.items()))


def day_of(values: tuple[str, ...]) -> date | None:
    """The day in a folder's values; None if somebody else named it."""
    try:
        return date.fromisoformat(values[-1])
    except ValueError:
        return None


def parts(files: Files, folder: str) -> list[FileStatus]:
    """The files in a folder that readers of the whole folder see. Raises HdfsUnavailable."""
    return [file for file in files.list(folder) if not file.is_folder and not file.name.startswith(("_", "."))]

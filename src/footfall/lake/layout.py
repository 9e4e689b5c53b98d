"""The paths and file names of the archive in HDFS.

Spark, Hive and other readers of whole folders ignore names that begin with `_`.
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
_NAME: Final = re.compile(r"([0-9a-f]{8})-([0-9]{9,})(?:_([1-9][0-9]{0,2})|-([0-9]{9,})-([0-9]))?\.parquet")


class Store(NamedTuple):
    """A data set of Parquet files. columns: its partition columns in the order of the folders; `dt` is the last."""

    root: str
    columns: tuple[str, ...]


EVENTS: Final = Store("/events", ("app_id", "dt"))
REJECTED: Final = Store("/events_rejected", ("dt",))


class Files(Protocol):
    """The file operations that the archive needs; `footfall.hdfs.Hdfs` implements them.

    Instances can be pickled, for Spark's workers. All methods raise HdfsUnavailable.
    """

    def list(self, path: str) -> list[FileStatus]:
        """The entries of a folder; an empty list if the folder does not exist."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None if it does not exist."""

    def read_part(self, path: str, offset: int, length: int) -> bytes | None:
        """`length` bytes of a file, starting at `offset`; None if it does not exist."""

    def write(self, path: str, content: bytes) -> None:
        """Writes a file."""

    def replace(self, path: str, target: str) -> None:
        """Renames a file and replaces the target atomically."""

    def make_folder(self, path: str) -> None:
        """Creates a folder and its parents."""

    def delete(self, path: str) -> bool:
        """Deletes a file or a folder. Returns False if it did not exist."""

    def exists(self, path: str) -> bool:
        """Whether the file or folder exists."""


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """The content of a file's name: the checkpoint, and the first and last batch in the file, both included.

    level: how often the file was merged. piece: the number of this file if a large batch was written as
    several files; 0 for a merged file.
    """

    checkpoint: str
    first: int
    last: int
    level: int
    piece: int = 0

    @property
    def name(self) -> str:
        """The file name in HDFS."""
        if self.level == 0:
            piece = f"_{self.piece}" if self.piece else ""
            return f"{self.checkpoint}-{self.first:09}{piece}.parquet"
        return f"{self.checkpoint}-{self.first:09}-{self.last:09}-{self.level}.parquet"


def part_of(name: str) -> Part | None:
    """Parses a file name; None if it is not a name that the archive writes."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    checkpoint, first, piece, last, level = match.groups()
    return Part(checkpoint, int(first), int(last or first), int(level or 0), int(piece or 0))


def is_of(name: str, batch: Part) -> bool:
    """Whether a file name is one of a batch's unmerged files."""
    part = part_of(name)
    return part is not None and replace(part, piece=0) == batch


def put(files: Files, path: str, content: bytes) -> None:
    """Replaces a file atomically: a reader sees the old content or the new one. Raises HdfsUnavailable."""
    folder, _, name = path.rpartition("/")
    # The next write overwrites what a crash leaves under this hidden name.
    staged = f"{folder}/_{name}"
    files.write(staged, content)
    files.replace(staged, path)


def put_folder(files: Files, staged: str, path: str) -> None:
    """Moves a staged folder to its place in one rename, and replaces what is there. Raises HdfsUnavailable."""
    # Renaming to a folder that exists would move it inside.
    files.delete(path)
    files.make_folder(path.rpartition("/")[0])
    files.replace(staged, path)


def checkpoint_folder(checkpoint: str) -> str:
    """The folder of Spark's checkpoint of the archive's query."""
    return f"{CHECKPOINTS}/archive-{checkpoint}"


def progress_file(checkpoint: str, batch: int) -> str:
    """The path of a batch's progress file."""
    return f"{PROGRESS}/{checkpoint}-{batch:09}.json"


def folders(files: Files, store: Store) -> dict[tuple[str, ...], str]:
    """The folders of a store, keyed and sorted by their partition values. Raises HdfsUnavailable."""
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
    """The day among a folder's partition values; None if the value is not a date."""
    try:
        return date.fromisoformat(values[-1])
    except ValueError:
        return None


def parts(files: Files, folder: str) -> list[FileStatus]:
    """The visible files of a folder, as readers of the whole folder see them. Raises HdfsUnavailable."""
    return [file for file in files.list(folder) if not file.is_folder and not file.name.startswith(("_", "."))]

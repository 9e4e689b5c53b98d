"""Files of a Maven repository that a lock names, each with its size and SHA-256.

A lock has one line per file: its path in a Maven repository, its size in bytes, and its SHA-256.
"""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple


class LockedFile(NamedTuple):
    """One line of a lock."""

    path: str  # relative to a Maven repository
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return self.path.rpartition("/")[2]


def read(lock: Path) -> list[LockedFile]:
    """The files that a lock names."""
    lines = (line.split() for line in lock.read_text("utf-8").splitlines() if line.strip())
    return [LockedFile(path, int(size), sha256) for path, size, sha256 in lines]


def write(lock: Path, repository: Path, paths: list[str]) -> None:
    """Writes the lock of these files of a Maven repository."""
    lines = (f"{path} {(repository / path).stat().st_size} {digest(repository / path)}\n" for path in sorted(paths))
    lock.write_text("".join(lines), "utf-8")


def is_intact(path: Path, file: LockedFile) -> bool:
    """Whether this is the locked file, by its size and hash."""
    return size(path) == file.size and digest(path) == file.sha256


def take(file: LockedFile, repository: Path, target: Path) -> bool:
    """Links the file into place unless it is there. Returns whether the intact file is in place now."""
    if is_intact(target, file):
        return True
    if not is_intact(repository / file.path, file):
        return False
    _link(repository / file.path, target)
    # A copy could have been made of a file that was replaced meanwhile.
    return is_intact(target, file)


def size(path: Path) -> int | None:
    """The size of a file in bytes; None if there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        found = hashlib.sha256()
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def _link(source: Path, target: Path) -> None:
    """Makes a hard link, which needs no space and survives a cleared cache; copies across file systems."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".part-") as scratch:
        part = Path(scratch) / target.name
        try:
            os.link(source, part)
        except OSError:
            shutil.copyfile(source, part)
        part.replace(target)

"""Where a program of Mahout runs and keeps its files: on YARN with HDFS, or in its own process with a local folder."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from footfall.hdfs import Hdfs
from footfall.jobs import mapreduce
from footfall.lake import layout
from footfall.settings import Settings
from footfall.yarn import Yarn


class Place(Protocol):
    """Paths are relative to the place."""

    def options(self, temporary: Path) -> list[str]:
        """Hadoop's `-D` options. temporary: a folder for what is not kept."""

    def uri(self, path: str) -> str:
        """A path as Hadoop takes it."""

    def names(self, path: str) -> list[str]:
        """The names in a folder in ascending order; none if there is no such folder. Raises HdfsUnavailable."""

    def read(self, path: str) -> bytes:
        """The content of a file; nothing if it does not exist. Raises HdfsUnavailable."""

    def write(self, path: str, content: bytes) -> None:
        """Writes a file and the folders above it. Raises HdfsUnavailable."""

    def delete(self) -> None:
        """Deletes all files of the place. Raises HdfsUnavailable."""

    def end_jobs(self) -> None:
        """Ends the jobs that still run. Raises YarnUnavailable."""


@dataclass(frozen=True, slots=True)
class OnYarn:
    """Each MapReduce job is an uber job on YARN. root: a folder in HDFS. tag: see `jobs.model.tag`."""

    settings: Settings
    root: str
    tag: str
    memory_mb: int
    sort_mb: int = 128

    def options(self, temporary: Path) -> list[str]:
        return mapreduce.options(self.settings, self.tag, self.memory_mb, self.sort_mb, engines=["mahout"])

    def uri(self, path: str) -> str:
        return f"{self.settings.hdfs_uri}{self.root}/{path}"

    def names(self, path: str) -> list[str]:
        return sorted(entry.name for entry in Hdfs(self.settings).list(f"{self.root}/{path}"))

    def read(self, path: str) -> bytes:
        return Hdfs(self.settings).read(f"{self.root}/{path}") or b""

    def write(self, path: str, content: bytes) -> None:
        layout.put(Hdfs(self.settings), f"{self.root}/{path}", content)

    def delete(self) -> None:
        Hdfs(self.settings).delete(self.root)

    def end_jobs(self) -> None:
        Yarn(self.settings).end_all(self.tag)


@dataclass(frozen=True, slots=True)
class InProcess:
    """The program works in its own process, with MapReduce's local runner. root: a folder of this machine."""

    root: Path

    def options(self, temporary: Path) -> list[str]:
        properties = {
            "fs.defaultFS": "file:///",
            "mapreduce.framework.name": "local",
            "hadoop.tmp.dir": str(temporary),
            "mapreduce.task.io.sort.mb": "32",
            # The recommender takes half of this heap for a sort buffer, 256 MiB without it.
            "mapreduce.map.java.opts": "-Xmx64m",
        }
        return [f"-D{name}={value}" for name, value in properties.items()]

    def uri(self, path: str) -> str:
        return f"file://{self.root / path}"

    def names(self, path: str) -> list[str]:
        folder = self.root / path
        return sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []

    def read(self, path: str) -> bytes:
        file = self.root / path
        return file.read_bytes() if file.is_file() else b""

    def write(self, path: str, content: bytes) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def delete(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    def end_jobs(self) -> None:
        """There are none: a job ends with its program."""

"""A local folder instead of HDFS, for tests that need no HDFS. It can simulate a crash in the middle of its work."""

import shutil
from pathlib import Path

from footfall.hdfs import FileStatus


class Died(Exception):
    """Simulates the death of the process."""


class LocalFiles:
    """A `streaming.places.Files`. mortal: dies before that many changes are done; None never."""

    def __init__(self, root: Path, mortal: int | None = None) -> None:
        self.root = root
        self.mortal = mortal
        self.changes = 0

    def __reduce__(self) -> tuple[type, tuple[Path]]:
        """Changes of this process do not count for the copy in another process."""
        return LocalFiles, (self.root,)

    def uri(self, path: str) -> str:
        """The URI by which Spark reads a path."""
        return f"file://{self.root}{path}"

    def list(self, path: str) -> list[FileStatus]:
        """The content of a folder, without the checksum files that Spark writes beside local files."""
        folder = self._at(path)
        if not folder.is_dir():
            return []
        return [
            FileStatus(f"{path}/{one.name}", one.is_dir(), one.stat().st_size, int(one.stat().st_mtime * 1000))
            for one in sorted(folder.iterdir())
            if not one.name.endswith(".crc")
        ]

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None if there is none."""
        return self._at(path).read_bytes() if self._at(path).is_file() else None

    def read_part(self, path: str, offset: int, length: int) -> bytes | None:
        """This many bytes of a file from an offset; None if there is no such file."""
        content = self.read(path)
        return None if content is None else content[offset : offset + length]

    def write(self, path: str, content: bytes) -> None:
        """Writes a file whole."""
        self._change()
        self._at(path).parent.mkdir(parents=True, exist_ok=True)
        self._at(path).write_bytes(content)

    def replace(self, path: str, target: str) -> None:
        """Renames a file and overwrites the target."""
        self._change()
        self._at(path).replace(self._at(target))
        # Spark would compare the file with the checksum of the overwritten one.
        self._at(target).with_name(f".{self._at(target).name}.crc").unlink(missing_ok=True)

    def make_folder(self, path: str) -> None:
        """Makes a folder and those above it."""
        self._at(path).mkdir(parents=True, exist_ok=True)

    def delete(self, path: str) -> bool:
        """Deletes a file or a folder; False if there was none."""
        if not self._at(path).exists():
            return False
        self._change()
        if self._at(path).is_dir():
            shutil.rmtree(self._at(path))
        else:
            self._at(path).unlink()
        return True

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder."""
        return self._at(path).exists()

    def _change(self) -> None:
        if self.mortal is not None and self.changes >= self.mortal:
            raise Died
        self.changes += 1

    def _at(self, path: str) -> Path:
        return self.root / path.lstrip("/")

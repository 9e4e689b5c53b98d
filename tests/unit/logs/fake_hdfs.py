"""A fake `Hdfs` for unit tests; the integration tests use the real one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from footfall.hdfs import FileStatus, Hdfs, HdfsUnavailable


@dataclass
class Files:
    """Files by path. written: the files that are open for writing. away: HDFS does not answer."""

    content: dict[str, bytes] = field(default_factory=dict)
    modified_ms: dict[str, int] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    away: bool = False
    read_paths: list[str] = field(default_factory=list)
    listed: int = 0
    after_listing: Callable[[], None] = lambda: None

    def put(self, path: str, content: bytes = b"", modified_s: float = 0) -> str:
        self.content[path] = content
        self.modified_ms[path] = int(modified_s * 1000)
        return path

    def list(self, path: str) -> list[FileStatus]:
        if self.away:
            raise HdfsUnavailable("HDFS does not answer.")
        found = {}
        for name, content in self.content.items():
            if name.startswith(f"{path}/"):
                head, slash, _ = name.removeprefix(f"{path}/").partition("/")
                found[head] = FileStatus(f"{path}/{head}", bool(slash), len(content), self.modified_ms[name])
        self.listed += 1
        self.after_listing()
        return list(found.values())

    def read(self, path: str) -> bytes | None:
        self.read_paths.append(path)
        return self.content.get(path)

    def exists(self, path: str) -> bool:
        return path in self.content

    def open_for_writing(self, path: str) -> set[str]:
        if self.away:
            raise HdfsUnavailable("HDFS does not answer.")
        return {name for name in self.written if name.startswith(f"{path}/")}

    def rename(self, path: str, target: str) -> bool:
        if target in self.content or path not in self.content:
            return False
        self.put(target, self.content.pop(path))
        return True

    def delete(self, path: str) -> bool:
        gone = [name for name in self.content if name == path or name.startswith(f"{path}/")]
        for name in gone:
            del self.content[name]
        return bool(gone)

    def as_hdfs(self) -> Hdfs:
        return cast(Hdfs, self)

"""The health of Flume as seen from outside: its positions against the sites' files, and the files that reach HDFS.

Flume could also report its counters over HTTP, but would listen on all addresses of the machine.
"""

import time
from pathlib import Path
from typing import Final

from footfall.hdfs import FileStatus, Hdfs
from footfall.logs import layout
from footfall.logs.positions import position_file, read_positions, unread_bytes
from footfall.names import LOG_KINDS, MADE_LOG, LogKind
from footfall.settings import Settings

_SILENT_S: Final = 5.0
_AGAIN_S: Final = 0.1
_LATE_S: Final = 60.0


class Health:
    """Checks Flume repeatedly. It remembers what the sites had written a minute ago, since that must have arrived."""

    def __init__(self) -> None:
        # By kind: the time of a check and the time of the newest line at that check, both in seconds since 1970.
        self._written: dict[LogKind, list[tuple[float, float]]] = {kind: [] for kind in LOG_KINDS}

    def fault(self, settings: Settings, now_s: float) -> str:
        """'' if Flume reads every line and each arrives within a minute, else a sentence that names the fault.

        now_s: seconds since 1970. Raises OSError and HdfsUnavailable.
        """
        if not _positions_are_written(settings):
            return f"it has not written its positions for {_SILENT_S:.0f} s"
        positions = read_positions(settings)
        hdfs = Hdfs(settings)
        for kind in LOG_KINDS:
            files = _site_files(settings, kind)
            for path, written_s in files.items():
                if now_s - written_s > _LATE_S and (left := unread_bytes(path, positions)):
                    return f"{left} bytes of {path.parent.name}/{path.name} have waited for over a minute to be read"
            # Generated lines go to folders of past days, which this check does not read.
            sites_own = [written_s for path, written_s in files.items() if MADE_LOG not in path.name]
            must_be_there_s = self._a_minute_ago(kind, now_s, max(sites_own, default=None))
            if must_be_there_s is not None and not _arrived(hdfs, kind, must_be_there_s, now_s):
                return f"{kind} lines of a minute ago have not arrived in HDFS"
        return ""

    def _a_minute_ago(self, kind: LogKind, now_s: float, written_s: float | None) -> float | None:
        """The time of the newest line that is at least a minute old, by an earlier check; None if it is unknown."""
        noted = self._written[kind]
        if written_s is not None:
            noted.append((now_s, written_s))
        old = [written for asked, written in noted if asked <= now_s - _LATE_S]
        del noted[: max(0, len(old) - 1)]
        return old[-1] if old else None


def _positions_are_written(settings: Settings) -> bool:
    """Whether Flume still rewrites the position file, as it does every second.

    The file's age is not enough: after a crash the file is young, while Flume does not start before the open files in
    HDFS are finished.
    """
    path = position_file(settings)
    before, deadline = path.stat().st_mtime_ns, time.monotonic() + _SILENT_S
    while path.stat().st_mtime_ns == before:
        if time.monotonic() > deadline:
            return False
        time.sleep(_AGAIN_S)
    return True


def _site_files(settings: Settings, kind: LogKind) -> dict[Path, float]:
    """The nonempty files of a kind, each with the time of its last write, seconds since 1970."""
    found = {}
    for path in [
        path for name in layout.followed(settings) for path in layout.folder(settings, name).glob(f"{kind}-*.log")
    ]:
        status = path.stat()
        if status.st_size:
            found[path] = status.st_mtime
    return found


def _arrived(hdfs: Hdfs, kind: LogKind, written_s: float, now_s: float) -> bool:
    """Whether a file in HDFS is being written, or was closed after `written_s`."""

    def holds(file: FileStatus) -> bool:
        modified_s = file.modified_ms / 1000
        if layout.is_open(file):
            return now_s - modified_s < layout.ABANDONED_S
        return modified_s >= written_s

    newest = list(layout.days(hdfs, kind).values())[:2]
    return any(holds(file) for folder in newest for file in hdfs.list(folder))

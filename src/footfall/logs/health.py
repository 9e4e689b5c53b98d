"""Whether Flume does its work, seen from outside: its positions beside the sites' files, and what arrives in HDFS.

Flume would tell its counters over HTTP, but on all addresses of the machine.
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
    """Asked again and again; it remembers what the sites had written a minute ago, which has to have arrived."""

    def __init__(self) -> None:
        # When it was asked, and when the newest line of a kind had been written then; seconds since 1970.
        self._written: dict[LogKind, list[tuple[float, float]]] = {kind: [] for kind in LOG_KINDS}

    def fault(self, settings: Settings, now_s: float) -> str:
        """'' if every line is read and arrives within a minute, else what is not so.

        Raises OSError and HdfsUnavailable.
        """
        if not _speaks(settings):
            return f"it has not said for {_SILENT_S:.0f} s how far it has read"
        positions = read_positions(settings)
        hdfs = Hdfs(settings)
        for kind in LOG_KINDS:
            files = _site_files(settings, kind)
            for path, written_s in files.items():
                if now_s - written_s > _LATE_S and (left := unread_bytes(path, positions)):
                    return f"{left} bytes of {path.parent.name}/{path.name} have waited for over a minute to be read"
            # Made lines go to the folders of days long past, which nobody looks at here.
            sites_own = [written_s for path, written_s in files.items() if MADE_LOG not in path.name]
            must_be_there_s = self._a_minute_ago(kind, now_s, max(sites_own, default=None))
            if must_be_there_s is not None and not _arrived(hdfs, kind, must_be_there_s, now_s):
                return f"{kind} lines of a minute ago have not arrived in HDFS"
        return ""

    def _a_minute_ago(self, kind: LogKind, now_s: float, written_s: float | None) -> float | None:
        """When the newest line was written of those that are at least a minute old; None if that is not known."""
        noted = self._written[kind]
        if written_s is not None:
            noted.append((now_s, written_s))
        old = [written for asked, written in noted if asked <= now_s - _LATE_S]
        del noted[: max(0, len(old) - 1)]
        return old[-1] if old else None


def _speaks(settings: Settings) -> bool:
    """Whether the position file is written anew, as it is each second. Its age alone would not tell: after a crash the
    file is young, and Flume waits to start until the files are finished that were left open."""
    path = position_file(settings)
    before, deadline = path.stat().st_mtime_ns, time.monotonic() + _SILENT_S
    while path.stat().st_mtime_ns == before:
        if time.monotonic() > deadline:
            return False
        time.sleep(_AGAIN_S)
    return True


def _site_files(settings: Settings, kind: LogKind) -> dict[Path, float]:
    """The files of a kind that hold anything, and when each was last written, seconds since 1970."""
    found = {}
    for path in (settings.logs_dir / "sites").glob(f"*/{kind}-*.log"):
        status = path.stat()
        if status.st_size:
            found[path] = status.st_mtime
    return found


def _arrived(hdfs: Hdfs, kind: LogKind, written_s: float, now_s: float) -> bool:
    """Whether a file was closed since that line was written, or is being written."""

    def holds(file: FileStatus) -> bool:
        modified_s = file.modified_ms / 1000
        if layout.is_open(file):
            return now_s - modified_s < layout.ABANDONED_S
        return modified_s >= written_s

    newest = list(layout.days(hdfs, kind).values())[:2]
    return any(holds(file) for folder in newest for file in hdfs.list(folder))

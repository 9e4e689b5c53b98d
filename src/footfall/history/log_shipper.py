"""Hands finished log files over to Flume, next to the sites' own, no faster than Flume reads them.

A file appears complete, by a rename, and is never written again. Unread lines older than a minute would make Flume
appear unhealthy, so only a limited amount waits for it at a time.
"""

import os
import shutil
import time
from collections import deque
from collections.abc import Iterable
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Final

from footfall.history.connection import Line
from footfall.logs.positions import read_positions, unread_bytes
from footfall.names import LOG_KINDS, MADE_LOG, LogKind
from footfall.settings import Settings
from footfall.site_registry import DemoSite

# The amount that Flume reads in a few seconds.
_UNREAD_BYTES: Final = 6 * 2**20
_FILE_BYTES: Final = 4 * 2**20
_LOOK_EVERY_S: Final = 1.0


def drafts_dir(settings: Settings) -> Path:
    """The folder in which files wait; on the same disk as the sites' logs."""
    return settings.logs_dir / "history"


def clear_drafts(settings: Settings) -> None:
    """Deletes the drafts of an interrupted run; they are generated again."""
    shutil.rmtree(drafts_dir(settings), ignore_errors=True)


def write_drafts(settings: Settings, app: DemoSite, day: date, lines: Iterable[Line]) -> list[Path]:
    """Writes a day's log lines of one site, split by kind and size; the files will keep these names."""
    folder = drafts_dir(settings) / app
    folder.mkdir(parents=True, exist_ok=True)
    by_kind: dict[LogKind, list[bytes]] = {kind: [] for kind in LOG_KINDS}
    for kind, _, line in lines:
        by_kind[kind].append(line)
    stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S")
    written = []
    for kind, of_kind in by_kind.items():
        for number, piece in enumerate(_pieces(of_kind)):
            path = folder / f"{kind}{MADE_LOG}{day:%Y%m%d}-{stamp}-{number:03d}.log"
            path.write_bytes(piece)
            written.append(path)
    return written


class LogShipper:
    """Hands files over in the order of their arrival. `left` and `unread` go down to 0."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._waiting: deque[Path] = deque()
        self._handed: list[Path] = []
        self._looked = 0.0
        self.unread = 0

    @property
    def left(self) -> int:
        """The number of files that Flume has not read to the end."""
        return len(self._waiting) + len(self._handed)

    def add(self, drafts: Iterable[Path]) -> None:
        """Adds finished drafts."""
        self._waiting += drafts

    def look(self) -> bool:
        """Hands over as much as Flume can take now, at most once a second; returns whether Flume has made progress."""
        now = time.monotonic()
        if not self.left or now - self._looked < _LOOK_EVERY_S:
            return False
        self._looked = now
        positions = read_positions(self._settings)
        before, files = self.unread, len(self._handed)
        unread = {path: unread_bytes(path, positions) for path in self._handed if path.exists()}
        self._handed = [path for path, rest in unread.items() if rest]
        self.unread = sum(unread.values())
        moved = self.unread < before or len(self._handed) < files
        while self._waiting and self.unread < _UNREAD_BYTES:
            self._hand_over(self._waiting.popleft())
        return moved

    def _hand_over(self, draft: Path) -> None:
        target = self._settings.logs_dir / "sites" / draft.parent.name / draft.name
        target.parent.mkdir(parents=True, exist_ok=True)
        os.utime(draft)  # its age counts from the moment at which it can be read
        draft.rename(target)
        self._handed.append(target)
        self.unread += target.stat().st_size


def _pieces(lines: list[bytes]) -> Iterable[bytes]:
    piece: list[bytes] = []
    size = 0
    for line in lines:
        piece.append(line)
        size += len(line)
        if size >= _FILE_BYTES:
            yield b"".join(piece)
            piece, size = [], 0
    if piece:
        yield b"".join(piece)

"""Keeps the bodies of events that have no answer yet on disk, so that a new process can resend them after a crash.

A body is written here before its *attempted* line. The answers in the ledger show later which bodies are done, so an
answer needs no write here. Once the file has grown, it is rewritten without the finished bodies.
"""

import os
import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from footfall.settings import Settings
from footfall.sites.visitors.ledger import DAY_MS, append, open_for_appending, read

_REWRITE_BYTES: Final = 4 * 2**20


@dataclass(slots=True)
class Parcel:
    """One event to be sent: its body, the request headers, and the error of its sender's clock (ms)."""

    event: dict[str, Any]
    headers: dict[str, str]
    clock_offset_ms: int
    attempted_ms: int
    tries: int = 0

    @property
    def event_id(self) -> str:
        """The identity, the same in every attempt."""
        return str(self.event["event_id"])

    @property
    def session_id(self) -> str:
        """The visit that the event belongs to."""
        return str(self.event["session_id"])

    def line(self) -> bytes:
        """The parcel's line in the file, line end included."""
        return orjson.dumps([self.attempted_ms, self.clock_offset_ms, self.headers, self.event]) + b"\n"


class Pending:
    """The file of one site, written by one process and shared by its threads."""

    def __init__(self, settings: Settings, app: str) -> None:
        self._path = settings.data_dir / "visitors" / app / "pending.jsonl"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._outstanding: dict[str, bytes] = {}
        self._rewrite_at = _REWRITE_BYTES
        self._file = open_for_appending(self._path)

    def add(self, parcels: Iterable[Parcel]) -> None:
        """Writes parcels that are about to be attempted."""
        lines = {parcel.event_id: parcel.line() for parcel in parcels}
        with self._lock:
            try:
                append(self._file, b"".join(lines.values()))
            except OSError:
                # Part of a line may have been written; reopening the file ends that line.
                self._reopen()
                raise
            self._outstanding.update(lines)
            if os.fstat(self._file).st_size > self._rewrite_at:
                self._rewrite()

    def done(self, event_ids: Collection[str]) -> None:
        """Forgets parcels whose answer is in the ledger."""
        with self._lock:
            for event_id in event_ids:
                self._outstanding.pop(event_id, None)

    def __len__(self) -> int:
        return len(self._outstanding)

    def recover(self, settings: Settings, app: str) -> tuple[list[Parcel], set[str]]:
        """The unanswered parcels of an earlier process, oldest first, and the ids that have no *attempted* line."""
        parcels = {parcel.event_id: parcel for parcel in map(_parse, self._path.read_bytes().split(b"\n")) if parcel}
        attempted: set[str] = set()
        if parcels:
            since_ms = min(parcel.attempted_ms for parcel in parcels.values())
            for entry in read(settings, app, since_ms):
                if entry.kind == "attempted":
                    attempted.add(entry.event_id)
                elif entry.kind != "replayed":  # a replay is not an answer
                    parcels.pop(entry.event_id, None)
        with self._lock:
            self._outstanding = {event_id: parcel.line() for event_id, parcel in parcels.items()}
            self._rewrite()
        return list(parcels.values()), parcels.keys() - attempted

    def close(self) -> None:
        """Reduces the file to unanswered parcels and closes it."""
        with self._lock:
            self._rewrite()
            self._close()

    def _rewrite(self) -> None:
        draft = self._path.with_suffix(".new")
        draft.write_bytes(b"".join(self._outstanding.values()))
        draft.replace(self._path)
        # If most parcels are unanswered, a rewrite gains nothing before the file has doubled.
        self._rewrite_at = max(_REWRITE_BYTES, 2 * self._path.stat().st_size)
        self._reopen()

    def _reopen(self) -> None:
        self._close()
        self._file = open_for_appending(self._path)

    def _close(self) -> None:
        # If no file follows, nothing is written: a number that is closed may be another file's.
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)


def too_old(parcel: Parcel, now_ms: int) -> bool:
    """Whether the collector would refuse the event for its age: the limit is 72 h, less an hour for the transfer."""
    return now_ms - parcel.attempted_ms > 3 * DAY_MS - DAY_MS // 24


def _parse(line: bytes) -> Parcel | None:
    try:
        attempted_ms, clock_offset_ms, headers, event = orjson.loads(line)
    except (ValueError, TypeError):  # empty or incomplete: it was never attempted
        return None
    return Parcel(event, headers, clock_offset_ms, attempted_ms)


def state_path(settings: Settings, app: str) -> Path:
    """The file that keeps the number of visits of each person and the planned returns."""
    return settings.data_dir / "visitors" / app / "people.json"

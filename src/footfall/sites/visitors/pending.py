"""The bodies of events that have no answer yet, on disk, so that a killed visitor process can send them again.

A body is written here before its *attempted* line, and the ledger's answers tell afterwards which bodies are done; so
an answer costs no write here. The file is rewritten without what is done when it has grown.
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
    """One event on its way: what is sent, with which request headers, and how wrong its sender's clock is (ms)."""

    event: dict[str, Any]
    headers: dict[str, str]
    clock_offset_ms: int
    attempted_ms: int
    tries: int = 0

    @property
    def event_id(self) -> str:
        """The identity that every attempt keeps."""
        return str(self.event["event_id"])

    @property
    def session_id(self) -> str:
        """The visit that the event belongs to."""
        return str(self.event["session_id"])

    def line(self) -> bytes:
        """The parcel as it stands in the file, line end included."""
        return orjson.dumps([self.attempted_ms, self.clock_offset_ms, self.headers, self.event]) + b"\n"


class Pending:
    """The file of one site; one process writes it, its threads share it."""

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
                # Half a line may stand there; opened anew, it stays alone.
                torn, self._file = self._file, open_for_appending(self._path)
                os.close(torn)
                raise
            self._outstanding.update(lines)
            if os.fstat(self._file).st_size > self._rewrite_at:
                self._rewrite()

    def done(self, event_ids: Collection[str]) -> None:
        """Forgets parcels whose answer stands in the ledger."""
        with self._lock:
            for event_id in event_ids:
                self._outstanding.pop(event_id, None)

    def __len__(self) -> int:
        return len(self._outstanding)

    def recover(self, settings: Settings, app: str) -> tuple[list[Parcel], set[str]]:
        """What an earlier process left without an answer, oldest first, and which of it has no *attempted* line yet."""
        parcels = {parcel.event_id: parcel for parcel in map(_parse, self._path.read_bytes().split(b"\n")) if parcel}
        attempted: set[str] = set()
        if parcels:
            since_ms = min(parcel.attempted_ms for parcel in parcels.values())
            for entry in read(settings, app, since_ms):
                if entry.kind == "attempted":
                    attempted.add(entry.event_id)
                elif entry.kind != "replayed":  # that is nobody's answer
                    parcels.pop(entry.event_id, None)
        with self._lock:
            self._outstanding = {event_id: parcel.line() for event_id, parcel in parcels.items()}
            self._rewrite()
        return list(parcels.values()), parcels.keys() - attempted

    def close(self) -> None:
        """Leaves only what is outstanding in the file, and closes it."""
        with self._lock:
            self._rewrite()
            os.close(self._file)

    def _rewrite(self) -> None:
        draft = self._path.with_suffix(".new")
        draft.write_bytes(b"".join(self._outstanding.values()))
        draft.replace(self._path)
        # When most of it waits for an answer, there is nothing to be gained before it has doubled.
        self._rewrite_at = max(_REWRITE_BYTES, 2 * self._path.stat().st_size)
        os.close(self._file)
        self._file = open_for_appending(self._path)


def too_old(parcel: Parcel, now_ms: int) -> bool:
    """Whether the collector would refuse the event for its age: it takes 72 h, and an hour is left for the way."""
    return now_ms - parcel.attempted_ms > 3 * DAY_MS - DAY_MS // 24


def _parse(line: bytes) -> Parcel | None:
    try:
        attempted_ms, clock_offset_ms, headers, event = orjson.loads(line)
    except (ValueError, TypeError):  # empty or torn: it was never attempted
        return None
    return Parcel(event, headers, clock_offset_ms, attempted_ms)


def state_path(settings: Settings, app: str) -> Path:
    """Where it is kept who visited and who returns when."""
    return settings.data_dir / "visitors" / app / "people.json"

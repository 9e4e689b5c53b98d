"""The ledger: what the simulated visitors sent and which answers they got. `verify` compares every store with it.

`ledger_dir/APP/YYYYMMDDTHH.jsonl` holds one JSON array per line: attempted, accepted, rejected or dropped, all written
by visitors; or replayed, written when a repaired reject is sent again. Each line, or batch of lines, is one write to a
file opened for appending. So a killed process leaves at most its last line incomplete, and lines of two processes never
mix. Hours older than the retention become one line of counts each in `totals.jsonl`.
"""

import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final, Literal

import orjson

from footfall.settings import Settings

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
TOTALS: Final = "totals.jsonl"
KINDS: Final = ("attempted", "accepted", "rejected", "dropped", "replayed")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. attempted has `seq` and `event_type`, replayed has `seq`, rejected and dropped have `reason`."""

    kind: Literal["attempted", "accepted", "rejected", "dropped", "replayed"]
    ms: int
    event_id: str
    session_id: str
    seq: int | None = None
    event_type: str | None = None
    reason: str | None = None

    def line(self) -> bytes:
        """The entry's line in the file, line end included."""
        rest: tuple[Any, ...] = ()
        if self.kind == "attempted":
            rest = self.seq, self.event_type
        elif self.kind == "replayed":
            rest = (self.seq,)
        elif self.kind != "accepted":
            rest = (self.reason,)
        return line(self.kind, self.ms, self.event_id, self.session_id, *rest)


class Ledger:
    """Appends to the ledger of one site; safe for several threads, and for several processes."""

    def __init__(self, settings: Settings, app: str) -> None:
        self._folder = settings.ledger_dir / app
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._hour = -1
        self._file = -1

    def write(self, entries: Iterable[Entry]) -> None:
        """Appends entries of one moment to the file of the first one's hour, in one write."""
        batch = list(entries)
        if batch:
            self.write_lines(batch[0].ms, b"".join(entry.line() for entry in batch))

    def write_lines(self, ms: int, lines: bytes) -> None:
        """Appends lines made by `line` to the file of the hour of `ms` (epoch milliseconds), in one write."""
        with self._lock:
            try:
                append(self._descriptor(ms), lines)
            except OSError:
                # Part of a line may have been written. Reopening the file ends it, so it cannot swallow the next line.
                self._close()
                raise

    def close(self) -> None:
        """Closes the file; a later write opens it again."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file, self._hour = -1, -1

    def _descriptor(self, ms: int) -> int:
        hour = ms // HOUR_MS
        if hour != self._hour:
            self._close()
            self._file, self._hour = open_for_appending(self._folder / hour_name(ms)), hour
        return self._file


def line(*values: str | int | None) -> bytes:
    """The line of an entry's values, line end included; see `Entry` for the values."""
    return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)


def open_for_appending(path: Path) -> int:
    """A descriptor that appends to `path`; first ends a last line that a crash left incomplete."""
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":
            append(file, b"\n")
    except OSError:
        os.close(file)
        raise
    return file


def append(file: int, data: bytes) -> None:
    """Writes all of `data`; the kernel accepts it in parts only when the disk is nearly full."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def hour_name(ms: int) -> str:
    """The name of the file for the hour of `ms` (epoch milliseconds)."""
    return datetime.fromtimestamp(ms // HOUR_MS * 3600, timezone.utc).strftime("%Y%m%dT%H.jsonl")


def read(settings: Settings, app: str, since_ms: int = 0) -> Iterator[Entry]:
    """Yields the individual entries of `app` from `since_ms` (epoch milliseconds) on, hour by hour in file order.

    An incomplete line, which only a crash leaves, is skipped: the request that it announces was never sent.
    """
    for path in hour_files(settings, app):
        if path.name < hour_name(max(0, since_ms)):
            continue
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # compacted between listing and reading
            continue
        for line in content.split(b"\n"):
            entry = parse(line)
            if entry is not None and entry.ms >= since_ms:
                yield entry


def hour_files(settings: Settings, app: str) -> list[Path]:
    """The hourly files that still hold individual entries, oldest first."""
    return sorted((settings.ledger_dir / app).glob("[0-9]*T[0-9][0-9].jsonl"))


def read_totals(settings: Settings, app: str) -> list[dict[str, Any]]:
    """The counts of hours whose entries are gone: `{"hour", "attempted": {type: n}, "accepted": n, …}`."""
    path = settings.ledger_dir / app / TOTALS
    return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def parse(line: bytes) -> Entry | None:
    """The entry of a line; None if the line is empty, incomplete, or not an entry."""
    try:
        kind, ms, event_id, session_id, *rest = orjson.loads(line)
    except (ValueError, TypeError):  # empty, incomplete, or not an array of at least four values
        return None
    if kind == "attempted" and len(rest) == 2:
        return Entry(kind, ms, event_id, session_id, seq=rest[0], event_type=rest[1])
    if kind == "accepted" and not rest:
        return Entry(kind, ms, event_id, session_id)
    if kind == "replayed" and len(rest) == 1:
        return Entry(kind, ms, event_id, session_id, seq=rest[0])
    if kind in ("rejected", "dropped") and len(rest) == 1:
        return Entry(kind, ms, event_id, session_id, reason=rest[0])
    return None

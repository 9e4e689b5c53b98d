"""What the simulated visitors sent and what they were answered: the truth that `verify` compares every store with.

`ledger_dir/APP/YYYYMMDDTHH.jsonl` holds one JSON array a line: attempted, accepted, rejected, dropped; and replayed,
which is no visitor's: a reject that was mended goes in again. Each line, or batch of lines, is one write to a file
opened for appending, so that a killed process tears at most its last line, and lines of two processes never mix.
Hours older than the retention become one line of counts each in `totals.jsonl`.
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
    """One line: attempted has `seq` and `event_type`, replayed `seq`, rejected and dropped have `reason`."""

    kind: Literal["attempted", "accepted", "rejected", "dropped", "replayed"]
    ms: int
    event_id: str
    session_id: str
    seq: int | None = None
    event_type: str | None = None
    reason: str | None = None

    def line(self) -> bytes:
        """The entry as it stands in the file, line end included."""
        rest: tuple[Any, ...] = ()
        if self.kind == "attempted":
            rest = self.seq, self.event_type
        elif self.kind == "replayed":
            rest = (self.seq,)
        elif self.kind != "accepted":
            rest = (self.reason,)
        return line(self.kind, self.ms, self.event_id, self.session_id, *rest)


class Ledger:
    """Appends to the ledger of one site; safe for several threads, and beside other processes that do the same."""

    def __init__(self, settings: Settings, app: str) -> None:
        self._folder = settings.ledger_dir / app
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._hour = -1
        self._file = -1

    def write(self, entries: Iterable[Entry]) -> None:
        """Appends entries, all of one moment, to the file of the first one's hour, in one write."""
        batch = list(entries)
        if batch:
            self.write_lines(batch[0].ms, b"".join(entry.line() for entry in batch))

    def write_lines(self, ms: int, lines: bytes) -> None:
        """Appends what `line` made to the file of the hour of `ms` (epoch milliseconds), in one write."""
        with self._lock:
            try:
                append(self._descriptor(ms), lines)
            except OSError:
                # Half a line may stand there: opening the file again ends it, else it would swallow the next one.
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
    """An entry's values as they stand in the file, line end included; `Entry` says which."""
    return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)


def open_for_appending(path: Path) -> int:
    """A descriptor that appends to `path`; a last line that a crash tore is ended first, so that it stays alone."""
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
    """Writes all of `data`; the kernel may take it in parts only when the disk is nearly full."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def hour_name(ms: int) -> str:
    """Name of the file that holds the hour of `ms` (epoch milliseconds)."""
    return datetime.fromtimestamp(ms // HOUR_MS * 3600, timezone.utc).strftime("%Y%m%dT%H.jsonl")


def read(settings: Settings, app: str, since_ms: int = 0) -> Iterator[Entry]:
    """Yields the single entries of `app` from `since_ms` (epoch milliseconds) on, hour by hour in file order.

    A torn line, which only a crash leaves, is skipped: the request it announces was never sent.
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
    """The hourly files that still hold single entries, oldest first."""
    return sorted((settings.ledger_dir / app).glob("[0-9]*T[0-9][0-9].jsonl"))


def read_totals(settings: Settings, app: str) -> list[dict[str, Any]]:
    """The counts of hours whose single entries are gone: `{"hour", "attempted": {type: n}, "accepted": n, …}`."""
    path = settings.ledger_dir / app / TOTALS
    return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def parse(line: bytes) -> Entry | None:
    """The entry that stands in a line; None if it is empty, torn, or no entry."""
    try:
        kind, ms, event_id, session_id, *rest = orjson.loads(line)
    except (ValueError, TypeError):  # empty, torn, or JSON that is no array of four or more
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

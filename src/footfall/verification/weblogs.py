"""Whether every line that the sites wrote is in HDFS, under its day. What HDFS holds beyond them is not judged."""

import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from footfall.events.times import format_rfc3339_ms
from footfall.hdfs import FileStatus, Hdfs, HdfsUnavailable, Unreadable
from footfall.logs import layout
from footfall.names import LOG_KINDS, LogKind
from footfall.runtime import requested
from footfall.settings import Settings
from footfall.verification.findings import HOUR_MS, Findings
from footfall.verification.site_lines import NO_DAY, Due, Placing, SiteFile, hour_number, hour_text, name_of, site_files
from footfall.verification.spools import Patience

STORE: Final = "logs"
# A file that is closed between listing and reading has another name then.
_MOST_LISTINGS: Final = 5
# A file that nobody could close tells the time of its opening; its last lines are younger by a roll at most.
_UNCLOSED_MS: Final = int(layout.ABANDONED_S * 1000)
_DAY_MS: Final = 24 * HOUR_MS


def compare_logs(
    settings: Settings, at_ms: int, since_ms: int | None, patience: Patience, findings: Findings
) -> dict[str, Any]:
    """Waits until the lines that are written now are in HDFS, and names those that do not come; the report's part.

    at_ms: T of the cut; since_ms: leaves out lines of hours before that one's. Raises HdfsUnavailable.
    """
    if "flume" not in requested.read(settings):
        return {"compared": False, "reason": "not part of this profile"}
    first_ms = first_compared_ms(settings, at_ms, since_ms)
    return compare_files(Hdfs(settings), site_files(settings, first_ms), first_ms, patience, findings)


def first_compared_ms(settings: Settings, at_ms: int, since_ms: int | None) -> int:
    """The beginning (ms since 1970) of the first hour that is compared: days before it are deleted in HDFS, or may be
    while we look."""
    kept_ms = (at_ms // _DAY_MS - settings.retention.hdfs_logs_days + 1) * _DAY_MS
    return max(0, kept_ms, 0 if since_ms is None else since_ms // HOUR_MS * HOUR_MS)


def compare_files(
    hdfs: Hdfs, files: Sequence[SiteFile], first_ms: int, patience: Patience, findings: Findings
) -> dict[str, Any]:
    """The same, of these files' lines from an hour on that begins at `first_ms` (since 1970).

    Raises HdfsUnavailable.
    """
    since_hour = hour_text(first_ms)
    due: dict[LogKind, Due] = {kind: Due() for kind in LOG_KINDS}
    for file in files:
        due[file.kind].add(file, since_hour)
    written = {kind: sum(map(len, lines.lines.values())) for kind, lines in due.items()}
    opened = [lines.opened_ms for lines in due.values() if lines.opened_ms]
    arrivals = {kind: Arrivals(kind, lines) for kind, lines in due.items()}
    unreadable = _await_arrival(hdfs, arrivals, patience)
    missing = {kind: n for kind, one in arrivals.items() if (n := one.missing())}
    if missing:
        for path in unreadable:
            findings.say(STORE, "unreadable", f"{path} in HDFS cannot be read now.")
        _name_missing(files, arrivals, findings)
    return {
        "compared": True,
        "written": written,
        "arrived": {kind: written[kind] - missing.get(kind, 0) for kind in LOG_KINDS},
        "repeats": {kind: arrivals[kind].repeats() for kind in LOG_KINDS},
        "files_from": format_rfc3339_ms(min(opened)) if opened else None,
    }


class _Read(NamedTuple):
    """A closed file that was read. length: bytes; due: how many of its lines are of those that have to be there."""

    length: int
    due: int


class Arrivals:
    """Crosses off a kind's lines as they are found in HDFS."""

    def __init__(self, kind: LogKind, due: Due) -> None:
        """Takes the lines over from `due`: each is kept once, among the missing or among the found."""
        self._kind = kind
        self._missing = due.lines
        self._found: dict[bytes, set[int]] = defaultdict(set)
        self._timeless_from = due.timeless_from
        self._read_from_ms = (due.opened_ms or 0) - _UNCLOSED_MS
        self._files: dict[str, dict[str, _Read]] = {}

    def look(self, hdfs: Hdfs) -> list[str]:
        """Reads the folders that have to hold lines, later only what is new where some are missed; the files that
        cannot be read. Raises HdfsUnavailable."""
        unreadable = []
        for day, folder in layout.days(hdfs, self._kind).items():
            text = day.isoformat().encode()
            days = [text, NO_DAY] if self._timeless_from is not None and text >= self._timeless_from else [text]
            missed = any(self._missing.get(day) for day in days)
            if missed or (folder not in self._files and any(self._found.get(day) for day in days)):
                unreadable += self._folder(hdfs, folder, days)
        return unreadable

    def missing(self) -> int:
        """How many lines are not found yet."""
        return sum(map(len, self._missing.values()))

    def repeats(self) -> int:
        """How often a line that was found is there once more."""
        seen = sum(read.due for files in self._files.values() for read in files.values())
        return seen - sum(map(len, self._found.values()))

    def is_missing(self, day: bytes, line: int) -> bool:
        """Whether a line (its hash) of a day is not found; true only once."""
        if line not in self._missing.get(day, ()):
            return False
        self._missing[day].remove(line)
        return True

    def _folder(self, hdfs: Hdfs, folder: str, days: list[bytes]) -> list[str]:
        for _ in range(_MOST_LISTINGS):
            known, files, gone, unreadable = self._files.get(folder, {}), {}, False, []
            for file in hdfs.list(folder):
                # What was closed before the oldest of the sites' files was begun holds nothing of them.
                if file.is_folder or (not layout.is_open(file) and file.modified_ms < self._read_from_ms):
                    continue
                read = known.get(file.path)
                if read is None or read.length != file.length or layout.is_open(file):
                    try:
                        read = self._file(hdfs, file, days)
                    except Unreadable:
                        unreadable.append(file.path)
                        continue
                if read is None:
                    gone = True
                else:
                    files[file.path] = read
            self._files[folder] = files
            if not gone:
                break
        return unreadable

    def _file(self, hdfs: Hdfs, file: FileStatus, days: list[bytes]) -> _Read | None:
        content = hdfs.read(file.path)
        if content is None:
            return None
        hashes = list(map(hash, io.BytesIO(content)))
        due = 0
        for day in days:
            missing, found = self._missing.get(day, set()), self._found[day]
            new = missing.intersection(hashes)
            missing -= new
            found |= new
            due += sum(map(found.__contains__, hashes))
        return _Read(file.length, due)


def _await_arrival(hdfs: Hdfs, arrivals: Mapping[LogKind, Arrivals], patience: Patience) -> list[str]:
    """Looks until nothing is missing or patience is over; the files that could not be read the last time."""
    while True:
        try:
            unreadable = [path for one in arrivals.values() for path in one.look(hdfs)]
        except HdfsUnavailable as error:
            if not patience.wait(str(error)):
                raise
            continue
        told = ", ".join(f"{one.missing()} {kind} lines" for kind, one in arrivals.items() if one.missing())
        blocked = f" {', '.join(unreadable)} cannot be read now." if unreadable else ""
        if not told or not patience.wait(f"not in HDFS yet: {told}.{blocked}"):
            return unreadable


def _name_missing(files: Sequence[SiteFile], arrivals: Mapping[LogKind, Arrivals], findings: Findings) -> None:
    """Reads the sites' files once more, to tell which lines the hashes are of."""
    for file in files:
        one = arrivals[file.kind]
        if not one.missing():
            continue
        placing = Placing(file)
        for raw in file.lines():
            day, hour = placing.of(raw)
            if one.is_missing(day, hash(raw)):
                findings.add(STORE, f"{file.kind}_missing", file.app, hour_number(hour), name_of(file.kind, raw))
    for kind, one in arrivals.items():
        if left := one.missing():
            sentence = f"{left} {kind} lines of files that are deleted meanwhile are not in HDFS."
            findings.say(STORE, f"{kind}_missing", sentence)

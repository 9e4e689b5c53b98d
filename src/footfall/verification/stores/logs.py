"""Checks that every log line of the sites is in HDFS under its day. Additional lines in HDFS are no problem."""

import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from footfall.events.times import format_rfc3339_ms
from footfall.hdfs import FileStatus, Hdfs, HdfsUnavailable, Unreadable
from footfall.logs import layout
from footfall.names import LOG_KINDS, LogKind
from footfall.settings import Settings
from footfall.verification.cut import DAY_MS, Cut
from footfall.verification.events_scan import EventsCheck
from footfall.verification.findings import HOUR_MS, StoreFindings
from footfall.verification.patience import Patience
from footfall.verification.rejected_scan import RejectedCheck
from footfall.verification.site_lines import (
    NO_DAY,
    Due,
    LineHours,
    SiteFile,
    hour_number,
    hour_text,
    name_of,
    site_files,
)
from footfall.verification.stores.store import Comparison, Store

_SENTENCES: Final = {f"{kind}_missing": f"{{n}} {kind} lines are not in HDFS under their day." for kind in LOG_KINDS}
# A file that Flume closes between listing and reading gets another name, so the folder is listed again.
_MAX_LISTINGS: Final = 5
# A file that was never closed has the modification time of its opening. Its last lines are at most this much newer.
_UNCLOSED_MS: Final = int(layout.ABANDONED_S * 1000)


class LogsStore(Store):
    """The log lines below `/logs`, compared with the sites' own files at the time of the cut."""

    name = "logs"

    def __init__(self, settings: Settings, hdfs: Hdfs, since_ms: int | None) -> None:
        """since_ms: lines of hours before the hour of this time are left out."""
        self._settings, self._hdfs, self._since_ms = settings, hdfs, since_ms
        self._files: list[SiteFile] = []
        self._arrivals: dict[LogKind, Arrivals] = {}
        self._unreadable: list[str] = []
        self._written: dict[LogKind, int] = {}
        self._opened_ms: int | None = None

    def begin(self, at_ms: int, patience: Patience) -> None:
        """Reads the sites' files."""
        patience.say("Reading the sites' log lines.")
        first_ms = first_compared_ms(self._settings, at_ms, self._since_ms)
        self._files, since_hour = site_files(self._settings, first_ms), hour_text(first_ms)
        due: dict[LogKind, Due] = {kind: Due() for kind in LOG_KINDS}
        for file in self._files:
            due[file.kind].add(file, since_hour)
        self._written = {kind: sum(map(len, lines.lines.values())) for kind, lines in due.items()}
        self._opened_ms = min((lines.opened_ms for lines in due.values() if lines.opened_ms), default=None)
        self._arrivals = {kind: Arrivals(kind, lines) for kind, lines in due.items()}

    def await_cut(self, cut: Cut, patience: Patience) -> None:
        """Waits until all lines of these files are in HDFS."""
        self._unreadable = _await_arrival(self._hdfs, self._arrivals, patience)

    def compare(self, comparison: Comparison) -> Sequence[EventsCheck | RejectedCheck]:
        """Reports the lines that are missing. Log lines are not compared with Kafka."""
        findings = comparison.findings.of(self.name, _SENTENCES)
        missing = {kind: one.missing() for kind, one in self._arrivals.items()}
        self._arrived = {kind: self._written[kind] - missing[kind] for kind in LOG_KINDS}
        self._repeats = {kind: self._arrivals[kind].repeats() for kind in LOG_KINDS}
        if any(missing.values()):
            for path in self._unreadable:
                findings.say("unreadable", f"{path} in HDFS cannot be read at the moment.")
            _name_missing(self._files, self._arrivals, findings)
        # Frees the memory, which the other stores need: these may be the lines of a month.
        self._arrivals = {}
        return ()

    def summarise(self) -> Mapping[str, Any]:
        """Distinct lines by kind. repeats: additional copies in HDFS. files_from: when the oldest file was opened."""
        return {
            "compared": True,
            "written": self._written,
            "arrived": self._arrived,
            "repeats": self._repeats,
            "files_from": None if self._opened_ms is None else format_rfc3339_ms(self._opened_ms),
        }


def first_compared_ms(settings: Settings, at_ms: int, since_ms: int | None) -> int:
    """The beginning of the first hour that is compared, ms since 1970.

    Earlier days are deleted from HDFS, or may be deleted during the comparison.
    """
    kept_ms = (at_ms // DAY_MS - settings.retention.hdfs_logs_days + 1) * DAY_MS
    return max(0, kept_ms, 0 if since_ms is None else since_ms // HOUR_MS * HOUR_MS)


class _Read(NamedTuple):
    """A file that was read. length: bytes. due: the number of its lines that are among the expected ones."""

    length: int
    due: int


class Arrivals:
    """Checks off the lines of one kind as they are found in HDFS."""

    def __init__(self, kind: LogKind, due: Due) -> None:
        """Takes over the lines of `due`. Each is then either missing or found."""
        self._kind = kind
        self._missing = due.lines
        self._found: dict[bytes, set[int]] = defaultdict(set)
        self._timeless_from = due.timeless_from
        self._read_from_ms = (due.opened_ms or 0) - _UNCLOSED_MS
        self._files: dict[str, dict[str, _Read]] = {}

    def look(self, hdfs: Hdfs) -> list[str]:
        """Reads the folders that must hold lines; later calls read only new files of folders with missing lines.

        Returns the paths of files that cannot be read. Raises HdfsUnavailable.
        """
        unreadable = []
        for day, folder in layout.days(hdfs, self._kind).items():
            text = day.isoformat().encode()
            days = [text, NO_DAY] if self._timeless_from is not None and text >= self._timeless_from else [text]
            is_incomplete = any(self._missing.get(day) for day in days)
            if is_incomplete or (folder not in self._files and any(self._found.get(day) for day in days)):
                unreadable += self._folder(hdfs, folder, days)
        return unreadable

    def missing(self) -> int:
        """The number of lines that are not found yet."""
        return sum(map(len, self._missing.values()))

    def repeats(self) -> int:
        """The number of additional copies of lines that were found."""
        seen = sum(read.due for files in self._files.values() for read in files.values())
        return seen - sum(map(len, self._found.values()))

    def is_missing(self, day: bytes, line: int) -> bool:
        """Whether a line of a day, given by its hash, is missing. Returns True only once per line."""
        if line not in self._missing.get(day, ()):
            return False
        self._missing[day].remove(line)
        return True

    def _folder(self, hdfs: Hdfs, folder: str, days: list[bytes]) -> list[str]:
        for _ in range(_MAX_LISTINGS):
            known, files, gone, unreadable = self._files.get(folder, {}), {}, False, []
            for file in hdfs.list(folder):
                # A file that was closed before the oldest of the sites' files was opened contains none of their lines.
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
    """Waits until no line is missing or the patience is over. Returns the files that could not be read at last."""
    while True:
        try:
            unreadable = [path for one in arrivals.values() for path in one.look(hdfs)]
        except HdfsUnavailable as error:
            if not patience.wait(str(error)):
                raise
            continue
        missing = ", ".join(f"{one.missing()} {kind} lines" for kind, one in arrivals.items() if one.missing())
        blocked = f" {', '.join(unreadable)} cannot be read at the moment." if unreadable else ""
        if not missing or not patience.wait(f"not in HDFS yet: {missing}.{blocked}"):
            return unreadable


def _name_missing(files: Sequence[SiteFile], arrivals: Mapping[LogKind, Arrivals], findings: StoreFindings) -> None:
    """Reads the sites' files again, to find the lines of the missing hashes."""
    for file in files:
        one = arrivals[file.kind]
        if not one.missing():
            continue
        hours = LineHours(file)
        for raw in file.lines():
            day, hour = hours.of(raw)
            if one.is_missing(day, hash(raw)):
                app, name = name_of(file, raw)
                findings.add(f"{file.kind}_missing", app, hour_number(hour), name)
    for kind, one in arrivals.items():
        if left := one.missing():
            sentence = f"{left} {kind} lines of files that have been deleted meanwhile are not in HDFS."
            findings.say(f"{kind}_missing", sentence)

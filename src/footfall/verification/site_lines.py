"""Reads the log lines from the sites' own files. They are the reference for the lines in HDFS."""

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Final, NamedTuple

from footfall.events.times import parse_shaped_ms
from footfall.logs import layout, line_parser
from footfall.names import LOG_KINDS, LogKind
from footfall.settings import Settings
from footfall.verification.findings import HOUR_MS

# The same pattern as in Flume's configuration: only a line that matches is stored under the day of its own time.
_DAY: Final = (
    rb"20[0-9][0-9]-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    rb"|02-(?:0[1-9]|1[0-9]|2[0-8])|(?<=(?:[02468][048]|[13579][26])-)02-29)"
)
OWN_TIME: Final = re.compile(
    rb'^(?:[{]"logged_at":"|[^{].* )('
    + _DAY
    + rb'T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][.][0-9][0-9][0-9]Z)(?:",|$)'
)
# The names that a site gives its files. Flume reads every file whose name begins with a kind.
_OPENED: Final = re.compile(r"[a-z]+-([0-9]{8}T[0-9]{6})[.][0-9]+Z[.]log")
_MAX_NAME_LENGTH: Final = 80

# Stands for the day of a line without a time of its own. Flume stores such a line under the day on which it reads it.
NO_DAY: Final = b""


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A log file. folder: its name, which is that of the site, or ADDED if it holds lines of several sites.

    opened_ms: from its name, ms since 1970; 0 if the name contains no time.
    """

    path: Path
    folder: str
    kind: LogKind
    opened_ms: int

    def lines(self) -> Iterator[bytes]:
        """Its complete lines with their line feeds, without empty ones; none if the file is deleted."""
        try:
            with self.path.open("rb") as opened:
                for raw in opened:
                    if raw != b"\n" and raw.endswith(b"\n"):
                        yield raw
        except FileNotFoundError:
            return


class LineHour(NamedTuple):
    """The day and hour of a line.

    day: `2026-11-24`, or NO_DAY. hour: `2026-11-24T08`, of the line's own time or else of its file.
    """

    day: bytes
    hour: bytes


class LineHours:
    """Determines the day and hour of each line of a file."""

    def __init__(self, file: SiteFile) -> None:
        self._opened = hour_text(file.opened_ms)

    def of(self, raw: bytes) -> LineHour:
        """The day under which Flume stores this line, and its hour."""
        found = OWN_TIME.match(raw)
        if found is None:
            return LineHour(NO_DAY, self._opened)
        own = found[1]
        return LineHour(own[:10], own[:13])


@dataclass(slots=True)
class Due:
    """The distinct lines of a kind that must be in HDFS, as hashes of their bytes, by day.

    opened_ms: when the oldest of their files was opened. timeless_from: the day, such as `2026-11-24`, on which the
    oldest file with a line without a time of its own was opened.
    """

    lines: dict[bytes, set[int]] = field(default_factory=lambda: defaultdict(set))
    opened_ms: int | None = None
    timeless_from: bytes | None = None

    def add(self, file: SiteFile, since_hour: bytes) -> None:
        """Adds the lines of a file from this hour on."""
        hours, added = LineHours(file), False
        for raw in file.lines():
            day, hour = hours.of(raw)
            if hour >= since_hour:
                added = True
                self.lines[day].add(hash(raw))
                if day == NO_DAY:
                    self.timeless_from = min(self.timeless_from or hour[:10], hour[:10])
        if added:
            self.opened_ms = file.opened_ms if self.opened_ms is None else min(self.opened_ms, file.opened_ms)


def site_files(settings: Settings, since_ms: int) -> list[SiteFile]:
    """The files that were written to since a time (ms since 1970), by folder and kind, oldest first."""
    found = []
    for folder in layout.folders(settings):
        for kind in LOG_KINDS:
            for path in sorted(layout.folder(settings, folder).glob(f"{kind}-*.log")):
                with suppress(FileNotFoundError):  # deleted meanwhile, because Flume has read it
                    if path.stat().st_mtime * 1000 >= since_ms:
                        found.append(SiteFile(path, folder, kind, _opened_ms(path.name)))
    return found


def _opened_ms(name: str) -> int:
    found = _OPENED.fullmatch(name)
    try:
        opened = datetime.strptime(f"{found[1]}+0000", "%Y%m%dT%H%M%S%z") if found else None
    except ValueError:
        return 0
    return int(opened.timestamp()) * 1000 if opened else 0


def hour_text(ms: int) -> bytes:
    """The hour of a time as text, such as `2026-11-24T08`."""
    return f"{datetime.fromtimestamp(ms / 1000, timezone.utc):%Y-%m-%dT%H}".encode()


def hour_number(hour: bytes) -> int:
    """The hour (since 1970) of such a text."""
    return parse_shaped_ms(f"{hour.decode()}:00:00.000Z") // HOUR_MS


def name_of(file: SiteFile, raw: bytes) -> tuple[str, str]:
    """The site and the name of a missing line in messages.

    They are the line's own and its request id, or the file's folder and the line's beginning if it is no valid line.
    """
    line = line_parser.parse(file.kind, raw.rstrip(b"\n"))
    if line is None:
        return file.folder, raw[:_MAX_NAME_LENGTH].decode("utf-8", "replace").rstrip("\n")
    return line.app_id, line.request_id

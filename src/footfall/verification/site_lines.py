"""The log lines as the sites wrote them, read from their own files: the reference for what lies in HDFS."""

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Final, NamedTuple

from footfall import site_registry
from footfall.events.times import parse_shaped_ms
from footfall.logs import line_parser
from footfall.names import LOG_KINDS, LogKind
from footfall.settings import Settings
from footfall.verification.findings import HOUR_MS

# Flume's own pattern: only a line that it matches goes to the day of its own time.
_DAY: Final = (
    rb"20[0-9][0-9]-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    rb"|02-(?:0[1-9]|1[0-9]|2[0-8])|(?<=(?:[02468][048]|[13579][26])-)02-29)"
)
OWN_TIME: Final = re.compile(
    rb'^(?:[{]"logged_at":"|[^{].* )('
    + _DAY
    + rb'T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][.][0-9][0-9][0-9]Z)(?:",|$)'
)
# As a site names its files; Flume reads whatever begins with its kind.
_OPENED: Final = re.compile(r"[a-z]+-([0-9]{8}T[0-9]{6})[.][0-9]+Z[.]log")
_LONGEST_NAME: Final = 80

# The day of a line without a time of its own: Flume files it under the day on which it reads it.
NO_DAY: Final = b""


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A site's log file. opened_ms: since 1970, as its name says; 0 if it says none."""

    path: Path
    app: str
    kind: LogKind
    opened_ms: int

    def lines(self) -> Iterator[bytes]:
        """Its lines with their line feeds, without empty ones and one that is not complete; none if it is deleted."""
        try:
            with self.path.open("rb") as opened:
                for raw in opened:
                    if raw != b"\n" and raw.endswith(b"\n"):
                        yield raw
        except FileNotFoundError:
            return


class LineHour(NamedTuple):
    """Where a line belongs. day: `2026-11-24`, or NO_DAY; hour: `2026-11-24T08`, of its time, else of its file's."""

    day: bytes
    hour: bytes


class Placing:
    """Tells where the lines of a file belong."""

    def __init__(self, file: SiteFile) -> None:
        self._opened = hour_text(file.opened_ms)

    def of(self, raw: bytes) -> LineHour:
        """Where Flume puts this line."""
        found = OWN_TIME.match(raw)
        if found is None:
            return LineHour(NO_DAY, self._opened)
        own = found[1]
        return LineHour(own[:10], own[:13])


@dataclass(slots=True)
class Due:
    """The lines of a kind that have to be in HDFS, distinct, as hashes of their bytes, by day.

    opened_ms: when the oldest of their files was begun; timeless_from: `2026-11-24`, when the oldest of those was that
    holds a line without a time of its own.
    """

    lines: dict[bytes, set[int]] = field(default_factory=lambda: defaultdict(set))
    opened_ms: int | None = None
    timeless_from: bytes | None = None

    def add(self, file: SiteFile, since_hour: bytes) -> None:
        """Takes up a file's lines of this hour and later ones."""
        place, added = Placing(file), False
        for raw in file.lines():
            day, hour = place.of(raw)
            if hour >= since_hour:
                added = True
                self.lines[day].add(hash(raw))
                if day == NO_DAY:
                    self.timeless_from = min(self.timeless_from or hour[:10], hour[:10])
        if added:
            self.opened_ms = file.opened_ms if self.opened_ms is None else min(self.opened_ms, file.opened_ms)


def site_files(settings: Settings, since_ms: int) -> list[SiteFile]:
    """The files that were written since a time (ms since 1970), in order of app and kind, oldest first."""
    found = []
    root = settings.logs_dir / "sites"
    for app in site_registry.names_and_folders(settings, root):
        for kind in LOG_KINDS:
            for path in sorted((root / app).glob(f"{kind}-*.log")):
                with suppress(FileNotFoundError):  # deleted since, because Flume has read it
                    if path.stat().st_mtime * 1000 >= since_ms:
                        found.append(SiteFile(path, app, kind, _opened_ms(path.name)))
    return found


def _opened_ms(name: str) -> int:
    found = _OPENED.fullmatch(name)
    try:
        opened = datetime.strptime(f"{found[1]}+0000", "%Y%m%dT%H%M%S%z") if found else None
    except ValueError:
        return 0
    return int(opened.timestamp()) * 1000 if opened else 0


def hour_text(ms: int) -> bytes:
    """An hour as lines begin it, such as `2026-11-24T08`."""
    return f"{datetime.fromtimestamp(ms / 1000, timezone.utc):%Y-%m-%dT%H}".encode()


def hour_number(hour: bytes) -> int:
    """The hour (since 1970) that such a text means."""
    return parse_shaped_ms(f"{hour.decode()}:00:00.000Z") // HOUR_MS


def name_of(kind: LogKind, raw: bytes) -> str:
    """What a line is called where it is missed: its request id; its beginning, if it is no line of a site."""
    line = line_parser.parse(kind, raw.rstrip(b"\n"))
    return raw[:_LONGEST_NAME].decode("utf-8", "replace").rstrip("\n") if line is None else line.request_id

"""The newest lines in HDFS. Lines come at least once: a repeat is the same bytes, and is left out."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Final, NamedTuple

from footfall.events.times import parse_rfc3339_ms
from footfall.hdfs import FileStatus, Hdfs, Unreadable
from footfall.logs import layout
from footfall.logs.line_parser import Line, parse
from footfall.names import LogKind

# The day's lines may follow in the first files of the next day, and no tail need be longer.
_DAYS: Final = 2


class Told(NamedTuple):
    """A line and when it was logged, ms since 1970."""

    at_ms: int
    line: Line


def newest(hdfs: Hdfs, kind: LogKind, today: date, wanted: Callable[[Line], bool], limit: int) -> list[Told]:
    """The newest `limit` lines of today and yesterday (UTC) that are wanted, newest first. Raises HdfsUnavailable."""
    found: list[Told] = []
    seen: set[bytes] = set()
    for day, folder in layout.days(hdfs, kind).items():
        if not today - timedelta(days=_DAYS - 1) <= day <= today + timedelta(days=1):
            continue
        for file in newest_first(hdfs.list(folder)):
            # What was closed before the oldest of these lines was logged holds only older ones.
            if len(found) >= limit and not layout.is_open(file) and file.modified_ms < found[limit - 1].at_ms:
                break
            for raw in _content(hdfs, file).split(b"\n"):
                if raw and raw not in seen:
                    seen.add(raw)
                    line = parse(kind, raw)
                    if line is not None and wanted(line):
                        found.append(Told(parse_rfc3339_ms(line.logged_at), line))
            found.sort(key=lambda told: (-told.at_ms, told.line.request_id))
        if len(found) >= limit:
            break
    return found[:limit]


def _content(hdfs: Hdfs, file: FileStatus) -> bytes:
    try:
        content = hdfs.read(file.path)
        if content is None and layout.is_open(file):
            # It was finished since the folder was listed.
            content = hdfs.read(layout.final_name(file.path, 0))
    except Unreadable:
        # Left open by an outage; the recovery finishes it.
        return b""
    return content or b""


def newest_first(files: Iterable[FileStatus]) -> list[FileStatus]:
    """Files by the time of their closing, newest first, open ones before all."""
    return sorted(
        (file for file in files if not file.is_folder),
        key=lambda file: (not layout.is_open(file), -file.modified_ms, file.name),
    )

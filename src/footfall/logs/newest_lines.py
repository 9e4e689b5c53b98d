"""The newest log lines in HDFS. Flume delivers at least once; a duplicate has the same bytes and is left out."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Final, NamedTuple

from footfall.events.times import parse_rfc3339_ms
from footfall.hdfs import FileStatus, Hdfs, Unreadable
from footfall.logs import layout
from footfall.logs.line_parser import Line, parse
from footfall.names import LogKind

# Today and yesterday: a day's last lines may be in the next day's first files, and no caller needs a longer tail.
_DAYS: Final = 2


class LoggedLine(NamedTuple):
    """A line and when it was logged, ms since 1970."""

    at_ms: int
    line: Line


def newest(hdfs: Hdfs, kind: LogKind, today: date, wanted: Callable[[Line], bool], limit: int) -> list[LoggedLine]:
    """The newest `limit` lines of today and yesterday (UTC) for which `wanted` holds, newest first.

    Raises HdfsUnavailable.
    """
    found: list[LoggedLine] = []
    seen: set[bytes] = set()
    for day, folder in layout.days(hdfs, kind).items():
        if not today - timedelta(days=_DAYS - 1) <= day <= today + timedelta(days=1):
            continue
        for file in newest_first(hdfs.list(folder)):
            # A file that was closed before the oldest of these lines was logged holds only older lines.
            if len(found) >= limit and not layout.is_open(file) and file.modified_ms < found[limit - 1].at_ms:
                break
            for raw in _content(hdfs, file).split(b"\n"):
                if raw and raw not in seen:
                    seen.add(raw)
                    line = parse(kind, raw)
                    if line is not None and wanted(line):
                        found.append(LoggedLine(parse_rfc3339_ms(line.logged_at), line))
            found.sort(key=lambda logged: (-logged.at_ms, logged.line.request_id))
        if len(found) >= limit:
            break
    return found[:limit]


def _content(hdfs: Hdfs, file: FileStatus) -> bytes:
    try:
        content = hdfs.read(file.path)
        if content is None and layout.is_open(file):
            # Flume finished the file after the folder was listed.
            content = hdfs.read(layout.final_name(file.path, 0))
    except Unreadable:
        # An outage left the file open; the recovery finishes it.
        return b""
    return content or b""


def newest_first(files: Iterable[FileStatus]) -> list[FileStatus]:
    """Files sorted by their closing time, newest first; open files come first."""
    return sorted(
        (file for file in files if not file.is_folder),
        key=lambda file: (not layout.is_open(file), -file.modified_ms, file.name),
    )

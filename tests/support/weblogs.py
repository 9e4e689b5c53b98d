"""The log lines of the sites before and after Flume: in the log files and in HDFS."""

from collections import Counter

from footfall.hdfs import Hdfs, Unreadable
from footfall.logs import layout
from footfall.names import LOG_KINDS, LogKind
from footfall.settings import Settings
from tests.support.platform import await_true


def written(settings: Settings) -> dict[LogKind, set[bytes]]:
    """The complete lines of all sites, by kind."""
    found: dict[LogKind, set[bytes]] = {kind: set() for kind in LOG_KINDS}
    for kind in LOG_KINDS:
        for path in (settings.logs_dir / "sites").glob(f"*/{kind}-*.log"):
            found[kind].update(path.read_bytes().split(b"\n")[:-1])
        found[kind].discard(b"")
    return found


def arrived(settings: Settings, kind: LogKind) -> Counter[bytes]:
    """The number of times that each line of a kind is in HDFS, including open files."""
    hdfs = Hdfs(settings)
    lines: Counter[bytes] = Counter()
    for folder in layout.days(hdfs, kind).values():
        for file in hdfs.list(folder):
            lines.update(readable(hdfs, file.path).split(b"\n"))
    del lines[b""]
    return lines


def readable(hdfs: Hdfs, path: str) -> bytes:
    """The readable content of a file, which may be closed meanwhile; empty for a file that was just created."""
    try:
        content = hdfs.read(path)
        if content is None and layout.has_open_name(path):
            content = hdfs.read(layout.final_name(path, 0))
    except Unreadable:
        return b""
    return content or b""


def await_all_arrived(settings: Settings, seconds: float = 120) -> None:
    """Waits until every line that the sites have written by now is in HDFS; fails with the number of missing lines."""
    due = written(settings)
    assert all(due[kind] for kind in ("access", "performance"))
    for kind, lines in due.items():

        def all_there(kind: LogKind = kind, lines: set[bytes] = lines) -> bool:
            return not lines - arrived(settings, kind).keys()

        try:
            await_true(all_there, f"{len(lines)} {kind} lines in HDFS", seconds, every=2)
        except AssertionError as error:
            missing = sorted(lines - arrived(settings, kind).keys())
            raise AssertionError(f"{error}; {len(missing)} are missing, the first is {missing[0]!r}") from None

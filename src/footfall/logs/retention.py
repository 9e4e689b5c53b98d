"""Deletes old logs: site logs that Flume has read, and old days in HDFS."""

from datetime import date, timedelta
from pathlib import Path

from footfall import retention
from footfall.hdfs import Hdfs
from footfall.logs import layout
from footfall.logs.positions import read_positions, unread_bytes
from footfall.names import LOG_KINDS, MADE_LOG
from footfall.settings import Settings


def sweep_site_logs(settings: Settings) -> str:
    """Deletes the oldest site logs that exceed the size limit, if Flume has read them to the end.

    The newest file of each kind stays, since its site still writes it: a writer whose file was deleted begins another,
    but a line on its way would be lost. Unread files stay, whatever their size.
    """
    names = layout.folders(settings)
    bound = settings.retention.site_logs_gib * 2**30 / len(names)
    positions = read_positions(settings)
    deleted = 0
    for name in names:
        files = sorted(layout.folder(settings, name).glob("*.log"), key=lambda p: p.stat().st_mtime)
        newest = {path.name.partition("-")[0]: path for path in files if MADE_LOG not in path.name}
        total = sum(path.stat().st_size for path in files)
        for path in files:
            if total <= bound:
                break
            if path not in newest.values() and _is_read(path, positions):
                total -= path.stat().st_size
                path.unlink(missing_ok=True)
                deleted += 1
    return f"{deleted} files deleted"


def _is_read(path: Path, positions: dict[str, int]) -> bool:
    return str(path) in positions and unread_bytes(path, positions) == 0


def sweep_hdfs_logs(settings: Settings, today: date) -> str:
    """Deletes the oldest day in HDFS, if it is past its retention. Returns that in words.

    today: the UTC date. Raises HdfsUnavailable.
    """
    hdfs = Hdfs(settings)
    first = today - timedelta(days=settings.retention.hdfs_logs_days)
    stored = [(day, path) for kind in LOG_KINDS for day, path in layout.days(hdfs, kind).items()]
    return retention.delete_oldest(first, stored, hdfs.delete)

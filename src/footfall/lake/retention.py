"""What the archive lets go of: whole days that are older than the settings want."""

from datetime import date, timedelta

from footfall.hdfs import Hdfs
from footfall.lake import layout, window_files
from footfall.lake.layout import EVENTS, REJECTED, Files, Store
from footfall.settings import Settings

# Each in folders by day alone.
_WINDOWS = tuple(Store(f"{window_files.ROOT}/{name}", ("dt",)) for name in window_files.NAMES.values())


def sweep_hdfs_events(settings: Settings, today: date) -> str:
    """Deletes old days of events, rejects and windows. today: in UTC. Raises HdfsUnavailable."""
    return f"{sweep(Hdfs(settings), today - timedelta(days=settings.retention.hdfs_events_days))} days deleted"


def sweep(files: Files, first: date) -> int:
    """Deletes the folders of all days before `first`; returns how many. Raises HdfsUnavailable."""
    deleted = 0
    for store in (EVENTS, REJECTED, *_WINDOWS):
        for values, folder in layout.folders(files, store).items():
            day = layout.day_of(values)
            if day is not None and day < first:
                deleted += files.delete(folder)
    return deleted

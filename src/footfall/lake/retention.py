"""Deletes whole days of the archive that are older than the retention in the settings."""

from datetime import date, timedelta

from footfall.hdfs import Hdfs
from footfall.lake import layout, window_files
from footfall.lake.layout import EVENTS, REJECTED, Files, Store
from footfall.settings import Settings

# The stores of windows, which are partitioned by day only.
_WINDOWS = tuple(Store(f"{window_files.ROOT}/{name}", ("dt",)) for name in window_files.NAMES.values())


def sweep_hdfs_events(settings: Settings, today: date) -> str:
    """Deletes old days of events, rejects and windows. today: the UTC date. Raises HdfsUnavailable."""
    return f"{sweep(Hdfs(settings), today - timedelta(days=settings.retention.hdfs_events_days))} days deleted"


def sweep(files: Files, first: date) -> int:
    """Deletes the folders of all days before `first` and returns their number. Raises HdfsUnavailable."""
    deleted = 0
    for store in (EVENTS, REJECTED, *_WINDOWS):
        for values, folder in layout.folders(files, store).items():
            day = layout.day_of(values)
            if day is not None and day < first:
                deleted += files.delete(folder)
    return deleted

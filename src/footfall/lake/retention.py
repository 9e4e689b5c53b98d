"""Deletes whole days of the archive that are older than the retention in the settings, one day per sweep."""

from datetime import date, timedelta

from footfall import retention
from footfall.hdfs import Hdfs
from footfall.lake import layout, window_files
from footfall.lake.layout import EVENTS, REJECTED, Files, Store
from footfall.settings import Settings

# The stores of windows, which are partitioned by day only.
_WINDOWS = tuple(Store(f"{window_files.ROOT}/{name}", ("dt",)) for name in window_files.NAMES.values())


def sweep_hdfs_events(settings: Settings, today: date) -> str:
    """Deletes the oldest day of events, rejects and windows, if it is past its retention. Returns that in words.

    today: the UTC date. Raises HdfsUnavailable.
    """
    return sweep(Hdfs(settings), today - timedelta(days=settings.retention.hdfs_events_days))


def sweep(files: Files, first: date) -> str:
    """As `sweep_hdfs_events`. first: the first day of the retention. Raises HdfsUnavailable."""
    stored = [
        (day, folder)
        for store in (EVENTS, REJECTED, *_WINDOWS)
        for values, folder in layout.folders(files, store).items()
        if (day := layout.day_of(values)) is not None
    ]
    return retention.delete_oldest(first, stored, files.delete)

"""Publishes the windows of a `WindowSet`."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from footfall.lake import window_files
from footfall.lake.layout import Files
from footfall.lake.window_files import FIVE, HOUR
from footfall.streaming.window_schedule import WindowSet, windows_of_hours

# Computes the windows of a set (`window_figures.SCHEMA`) from the archive.
Compute = Callable[[WindowSet], pa.Table]


def compute_and_publish(files: Files, compute: Compute, window_set: WindowSet) -> None:
    """Computes the windows of a set and replaces them in the files of their hours. The call is idempotent.

    When no window is due, the caller records the closed minutes itself (`window_files.write_closed`).
    All windows of a damaged file are computed again, and a warning is logged.
    Raises HdfsUnavailable and the errors of `compute`.
    """
    computed = compute(window_set)
    damaged = set()
    for length, starts in ((1, window_set.minutes), (FIVE, window_set.fives)):
        damaged |= {(length, hour) for hour in window_files.publish(files, length, starts, _of(computed, length))}
    if damaged:
        whole = windows_of_hours({hour for _, hour in damaged}, window_set.closed_until)
        computed = compute(whole)
        for length, starts in ((1, whole.minutes), (FIVE, whole.fives)):
            lost = [start for start in starts if (length, start // HOUR) in damaged]
            window_files.publish(files, length, lost, _of(computed, length), ignore_old=True)
    if not window_set.hours:
        # The newest due windows come first, so the newest minutes are published now.
        window_files.write_closed(files, window_set.closed_until)


def _of(computed: pa.Table, length: int) -> pa.Table:
    return computed.filter(pc.equal(computed["window_minutes"], length))

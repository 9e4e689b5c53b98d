"""Publishes the windows of a portion."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from footfall.lake import window_files
from footfall.lake.layout import Files
from footfall.lake.window_files import FIVE, HOUR
from footfall.streaming.window_schedule import Portion, whole_hours

# Computes a portion's windows (`windows.SCHEMA`) from the archive.
Compute = Callable[[Portion], pa.Table]


def compute_and_publish(files: Files, compute: Compute, portion: Portion) -> None:
    """Computes the windows of a portion and replaces them in their hours' files; done again, it changes nothing.

    Where nothing was due, the caller notes by itself that minutes are closed (`window_files.write_closed`).

    A damaged file of windows is computed anew as a whole, with a warning.
    Raises HdfsUnavailable, and what `compute` does.
    """
    computed = compute(portion)
    damaged = set()
    for length, starts in ((1, portion.minutes), (FIVE, portion.fives)):
        damaged |= {(length, hour) for hour in window_files.publish(files, length, starts, _of(computed, length))}
    if damaged:
        whole = whole_hours({hour for _, hour in damaged}, portion.closed_until)
        computed = compute(whole)
        for length, starts in ((1, whole.minutes), (FIVE, whole.fives)):
            lost = [start for start in starts if (length, start // HOUR) in damaged]
            window_files.publish(files, length, lost, _of(computed, length), anew=True)
    if not portion.hours:
        # What is due comes newest first, so the newest minutes are published now.
        window_files.write_closed(files, portion.closed_until)


def _of(computed: pa.Table, length: int) -> pa.Table:
    return computed.filter(pc.equal(computed["window_minutes"], length))

"""Computes a portion of windows from the archive and publishes it."""

from collections.abc import Callable
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from footfall.streaming import hours
from footfall.streaming.minutes import FIVE, HOUR, Portion, whole_hours
from footfall.streaming.places import Files
from footfall.streaming.windows import windows

# Archived events with first ≤ minute < end, minutes since 1970.
EventsReader = Callable[[int, int], DataFrame]


def compute_and_publish(files: Files, events: EventsReader, portion: Portion) -> None:
    """Computes the windows of a portion and replaces them in their hours' files; done again, it changes nothing.

    Where nothing was due, the caller notes by itself that minutes are closed (`hours.write_closed`).

    events: is asked for the ranges that are needed; may give more. A damaged file is computed anew as a whole, with a
    warning. Raises HdfsAway, and what Spark raises.
    """
    computed = _compute(events, portion)
    damaged = set()
    for length, starts in ((1, portion.minutes), (FIVE, portion.fives)):
        damaged |= {(length, hour) for hour in hours.publish(files, length, starts, _of(computed, length))}
    if damaged:
        whole = whole_hours({hour for _, hour in damaged}, portion.closed_until)
        computed = _compute(events, whole)
        for length, starts in ((1, whole.minutes), (FIVE, whole.fives)):
            lost = [start for start in starts if (length, start // HOUR) in damaged]
            hours.publish(files, length, lost, _of(computed, length), anew=True)
    if not portion.hours:
        # What is due comes newest first, so the newest minutes are published now.
        hours.write_closed(files, portion.closed_until)


def _compute(events: EventsReader, portion: Portion) -> pa.Table:
    read = [events(first, end) for first, end in portion.spans()]
    return windows(reduce(DataFrame.unionByName, read), portion.minutes, portion.fives).toArrow()


def _of(computed: pa.Table, length: int) -> pa.Table:
    return computed.filter(pc.equal(computed["window_minutes"], length))

"""Reads what is archived: of some minutes, from as few files as possible."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import reduce
from operator import or_
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from footfall.hdfs import FileStatus
from footfall.streaming import keys
from footfall.streaming.compaction import Group
from footfall.streaming.index import DAY_MINUTES, EPOCH
from footfall.streaming.places import EVENTS, Part
from footfall.streaming.tables import Tables

# Both ends included, minutes since 1970.
Span = tuple[int, int]

# More would make the plan larger than what they spare.
_MOST_SPANS: Final = 40


class Holdings:
    """The archived events. Methods raise HdfsAway, Refused for a damaged file, and what Spark raises."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        # Minutes of the events in a file, as far as known; spares readers of a few minutes most of a day's files.
        self._minutes: dict[str, Span] = {}

    def events(self, spans: Iterable[Span], leave_out: Part | None = None) -> DataFrame:
        """The events of these minutes, sorted ranges. leave_out: but for what this batch put there."""
        wanted = keys.fewer(spans, _MOST_SPANS)
        paths = [file.path for file in self.files(wanted, leave_out)]
        at = f.col("event_time")
        # Compared as times, so that Spark leaves out pages of a file by what Parquet tells of them.
        within = [(at >= _moment(first)) & (at < _moment(last + 1)) for first, last in wanted]
        return self._tables.read(EVENTS, paths).where(reduce(or_, within, f.lit(False)))

    def files(self, spans: Sequence[Span], leave_out: Part | None = None) -> list[FileStatus]:
        """The files that may hold events of these minutes."""
        found = self._tables.files(EVENTS, _days(spans), leave_out)
        return [file for file in found if self.may_hold(file.path, spans)]

    def may_hold(self, path: str, spans: Iterable[Span]) -> bool:
        """Whether a file may hold events of these minutes, by what is known of it."""
        known = self._minutes.get(path)
        return known is None or any(first <= known[1] and last >= known[0] for first, last in spans)

    def note(self, path: str, minutes: Span) -> None:
        """Remembers what minutes a file holds."""
        self._minutes[path] = minutes

    def renamed(self, group: Group) -> None:
        """Some files became one."""
        known = [self._minutes.pop(source, None) for source in group.sources]
        spans = [minutes for minutes in known if minutes is not None]
        if len(spans) == len(known):
            self._minutes[group.target] = min(first for first, _ in spans), max(last for _, last in spans)


def day_of(path: str) -> date:
    """The day of the folder that a file lies in."""
    return date.fromisoformat(path.rpartition("/")[0].rpartition("dt=")[2])


def app_of(path: str) -> str:
    """The app of the folder that a file lies in."""
    return path.rpartition("/dt=")[0].rpartition("app_id=")[2]


def _days(spans: Iterable[Span]) -> set[date]:
    numbers = {n for first, last in spans for n in range(first // DAY_MINUTES, last // DAY_MINUTES + 1)}
    return {EPOCH + timedelta(days=number) for number in numbers}


def _moment(minute: int) -> Column:
    return f.timestamp_seconds(f.lit(minute * 60))

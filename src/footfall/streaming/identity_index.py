"""An in-memory index of the archived identities by day, ten bytes each, so that most batches need not read HDFS.

A hit is only a candidate, because hashes collide. The index returns the minutes of the candidates; the caller reads
these minutes from the archive and compares the identities themselves.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.int64]
# Minutes of a day or minutes since 1970.
Minutes = NDArray[np.int64]

EPOCH: Final = date(1970, 1, 1)
DAY_MINUTES: Final = 1440
# A repeat has the id of the first event, and the time in that id is within 48 hours of both events.
REACH: Final = timedelta(days=4)
_MOST_CHUNKS: Final = 16


class Entries(NamedTuple):
    """The hashes of archived identities, and the minute (since 1970) of the event of each hash."""

    hashes: Hashes
    minutes: Minutes


class Lookup(NamedTuple):
    """The result of a look-up.

    maybe_archived: flags the requested hashes that are in the index. minutes: the sorted minutes (since 1970) of the
    archived events with these hashes.
    """

    maybe_archived: NDArray[np.bool_]
    minutes: Minutes


Load = Callable[[list[date]], Mapping[date, Entries]]


class _Chunk:
    """A part of a day's identities, sorted by hash. of_day: the minute of the day of each identity."""

    def __init__(self, hashes: Hashes, of_day: NDArray[np.uint16]) -> None:
        order = np.argsort(hashes, kind="stable")
        self.hashes, self.of_day = hashes[order], of_day[order]

    def __len__(self) -> int:
        return len(self.hashes)

    def find(self, hashes: Hashes) -> tuple[NDArray[np.bool_], NDArray[np.uint16]]:
        """Flags the hashes that the chunk holds, and returns the minutes of their identities."""
        first = np.searchsorted(self.hashes, hashes)
        found = self.hashes[np.minimum(first, len(self) - 1)] == hashes
        if not found.any():
            return found, self.of_day[:0]
        # Different identities may share a hash.
        end = np.searchsorted(self.hashes, hashes[found], side="right")
        spans = zip(first[found].tolist(), end.tolist(), strict=True)
        return found, np.concatenate([self.of_day[a:b] for a, b in spans])


class IdentityIndex:
    """The hashes of archived identities by the day of their event. A day is loaded at its first look-up."""

    def __init__(self, load: Load, most_days: int = 40) -> None:
        """load: reads the entries of whole days. most_days: the number of most recently used days to keep."""
        self._load = load
        self._most_days = most_days
        self._days: OrderedDict[date, list[_Chunk]] = OrderedDict()

    def look_up(self, days: Iterable[date], hashes: Hashes) -> Lookup:
        """Looks up the hashes among the identities that are archived within `REACH` of any of the days."""
        maybe_archived = np.zeros(len(hashes), dtype=np.bool_)
        minutes = [np.zeros(0, dtype=np.int64)]
        for day in self._ready(days_within_reach(days)):
            for chunk in self._days[day]:
                found, of_day = chunk.find(hashes)
                maybe_archived |= found
                minutes.append(of_day.astype(np.int64) + _start(day))
        return Lookup(maybe_archived, np.unique(np.concatenate(minutes)))

    def add(self, days: Mapping[date, Entries]) -> None:
        """Adds newly archived identities. A day that is not in memory is skipped; its next look-up loads it."""
        for day, entries in days.items():
            chunks = self._days.get(day)
            if chunks is None or not len(entries.hashes):
                continue
            chunks.append(_chunk(day, entries))
            if len(chunks) > _MOST_CHUNKS:
                # The first chunk is by far the largest. It is merged only when the others reach an eighth of its size.
                chunks[1:] = [_merged(chunks[1:])]
                if len(chunks[1]) * 8 > len(chunks[0]):
                    chunks[:] = [_merged(chunks)]

    def clear(self) -> None:
        """Drops all days; the next look-ups load them again."""
        self._days.clear()

    def _ready(self, days: list[date]) -> list[date]:
        missing = [day for day in days if day not in self._days]
        if missing:
            loaded = self._load(missing)
            for day in missing:
                entries = loaded.get(day)
                self._days[day] = [] if entries is None or not len(entries.hashes) else [_chunk(day, entries)]
        for day in days:
            self._days.move_to_end(day)
        while len(self._days) > max(self._most_days, len(days)):
            self._days.popitem(last=False)
        return days


def days_within_reach(days: Iterable[date]) -> list[date]:
    """All days within `REACH` of any of these days, in order."""
    reach = range(-REACH.days, REACH.days + 1)
    return sorted({day + timedelta(days=shift) for day in set(days) for shift in reach})


def _start(day: date) -> int:
    return (day - EPOCH).days * DAY_MINUTES


def _chunk(day: date, entries: Entries) -> _Chunk:
    return _Chunk(entries.hashes, (entries.minutes - _start(day)).astype(np.uint16))


def _merged(chunks: list[_Chunk]) -> _Chunk:
    return _Chunk(np.concatenate([c.hashes for c in chunks]), np.concatenate([c.of_day for c in chunks]))

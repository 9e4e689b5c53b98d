"""Which identities are archived, by day: ten bytes each in the driver's memory, so that a batch need not read HDFS.

A hash that is found says only "perhaps", and of what minute that event is; whoever asks then reads these minutes and
compares the identities themselves.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.int64]
# Minutes of a day, or since 1970.
Minutes = NDArray[np.int64]

EPOCH: Final = date(1970, 1, 1)
DAY_MINUTES: Final = 1440
# A repeat has the id of the first, whose time is within 48 hours of both.
REACH: Final = timedelta(days=4)
_MOST_CHUNKS: Final = 16


class Entries(NamedTuple):
    """Archived identities: their hashes, and beside each the minute of its event since 1970."""

    hashes: Hashes
    minutes: Minutes


class Suspicion(NamedTuple):
    """perhaps: which of the hashes asked for are archived, perhaps; minutes: those of the archived ones, sorted."""

    perhaps: NDArray[np.bool_]
    minutes: Minutes


Load = Callable[[list[date]], Mapping[date, Entries]]


class _Chunk:
    """Some of a day's identities, sorted by their hashes."""

    def __init__(self, hashes: Hashes, of_day: NDArray[np.uint16]) -> None:
        order = np.argsort(hashes, kind="stable")
        self.hashes, self.of_day = hashes[order], of_day[order]

    def __len__(self) -> int:
        return len(self.hashes)

    def find(self, hashes: Hashes) -> tuple[NDArray[np.bool_], NDArray[np.uint16]]:
        """Which of the hashes are here, and the minutes of those that are."""
        first = np.searchsorted(self.hashes, hashes)
        found = self.hashes[np.minimum(first, len(self) - 1)] == hashes
        if not found.any():
            return found, self.of_day[:0]
        # Different identities may share a hash.
        end = np.searchsorted(self.hashes, hashes[found], side="right")
        spans = zip(first[found].tolist(), end.tolist(), strict=True)
        return found, np.concatenate([self.of_day[a:b] for a, b in spans])


class IdentityIndex:
    """Hashes of identities by the day of their event. Days are loaded when they are first asked for."""

    def __init__(self, load: Load, most_days: int = 40) -> None:
        """load: reads the entries of whole days. most_days: how many are kept, those asked for last."""
        self._load = load
        self._most_days = most_days
        self._days: OrderedDict[date, list[_Chunk]] = OrderedDict()

    def suspect(self, days: Iterable[date], hashes: Hashes) -> Suspicion:
        """Which of these hashes are archived within `REACH` of any of the days, and in which minutes."""
        perhaps = np.zeros(len(hashes), dtype=np.bool_)
        minutes = [np.zeros(0, dtype=np.int64)]
        for day in self._ready(near(days)):
            for chunk in self._days[day]:
                found, of_day = chunk.find(hashes)
                perhaps |= found
                minutes.append(of_day.astype(np.int64) + _start(day))
        return Suspicion(perhaps, np.unique(np.concatenate(minutes)))

    def add(self, days: Mapping[date, Entries]) -> None:
        """Adds what was archived now. A day that is not in memory is read when it is asked for."""
        for day, entries in days.items():
            chunks = self._days.get(day)
            if chunks is None or not len(entries.hashes):
                continue
            chunks.append(_chunk(day, entries))
            if len(chunks) > _MOST_CHUNKS:
                # The first is the largest by far; it is merged only when the others have grown to a part of it.
                chunks[1:] = [_merged(chunks[1:])]
                if len(chunks[1]) * 8 > len(chunks[0]):
                    chunks[:] = [_merged(chunks)]

    def forget(self) -> None:
        """Lets everything go; it is read again when it is asked for."""
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


def near(days: Iterable[date]) -> list[date]:
    """All days within `REACH` of any of these, in order."""
    reach = range(-REACH.days, REACH.days + 1)
    return sorted({day + timedelta(days=shift) for day in set(days) for shift in reach})


def _start(day: date) -> int:
    return (day - EPOCH).days * DAY_MINUTES


def _chunk(day: date, entries: Entries) -> _Chunk:
    return _Chunk(entries.hashes, (entries.minutes - _start(day)).astype(np.uint16))


def _merged(chunks: list[_Chunk]) -> _Chunk:
    return _Chunk(np.concatenate([c.hashes for c in chunks]), np.concatenate([c.of_day for c in chunks]))

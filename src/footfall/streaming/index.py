"""Which identities are archived, by day: eight bytes each in the driver's memory, so that a batch need not read HDFS.

A hash that is found says only "perhaps"; whoever asks then compares the identities themselves.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.int64]
Load = Callable[[list[date]], Mapping[date, Hashes]]

# A repeat has the id of the first, whose time is within 48 hours of both.
REACH: Final = timedelta(days=4)
_MOST_CHUNKS: Final = 16


class IdentityIndex:
    """Hashes of identities by the day of their event. Days are loaded when they are first asked for."""

    def __init__(self, load: Load, most_days: int = 40) -> None:
        """load: reads the hashes of whole days. most_days: how many are kept, those asked for last."""
        self._load = load
        self._most_days = most_days
        self._days: OrderedDict[date, list[Hashes]] = OrderedDict()

    def perhaps(self, days: Iterable[date], hashes: Hashes) -> NDArray[np.bool_]:
        """Which of these hashes are archived within `REACH` of any of the days."""
        found = np.zeros(len(hashes), dtype=np.bool_)
        for day in self._ready(near(days)):
            for chunk in self._days[day]:
                at = np.minimum(np.searchsorted(chunk, hashes), len(chunk) - 1)
                found |= chunk[at] == hashes
        return found

    def add(self, days: Mapping[date, Hashes]) -> None:
        """Adds what was archived now. A day that is not in memory is read when it is asked for."""
        for day, hashes in days.items():
            chunks = self._days.get(day)
            if chunks is None or not len(hashes):
                continue
            chunks.append(np.sort(hashes))
            if len(chunks) > _MOST_CHUNKS:
                # The first is the largest by far; it is merged only when the others have grown to a part of it.
                rest = np.sort(np.concatenate(chunks[1:]))
                chunks[1:] = [rest]
                if len(rest) * 8 > len(chunks[0]):
                    chunks[:] = [np.sort(np.concatenate(chunks))]

    def forget(self) -> None:
        """Lets everything go; it is read again when it is asked for."""
        self._days.clear()

    def _ready(self, days: list[date]) -> list[date]:
        missing = [day for day in days if day not in self._days]
        if missing:
            loaded = self._load(missing)
            for day in missing:
                hashes = loaded.get(day)
                self._days[day] = [] if hashes is None or not len(hashes) else [np.sort(hashes)]
        for day in days:
            self._days.move_to_end(day)
        while len(self._days) > max(self._most_days, len(days)):
            self._days.popitem(last=False)
        return days


def near(days: Iterable[date]) -> list[date]:
    """All days within `REACH` of any of these, in order."""
    reach = range(-REACH.days, REACH.days + 1)
    return sorted({day + timedelta(days=shift) for day in set(days) for shift in reach})

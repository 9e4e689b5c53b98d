"""Decides which windows to compute now and which later. It reads and writes nothing.

A minute with new rows makes its own window due, and the five five-minute windows that contain it. Each window is due
once its last minute is closed; late rows make a closed window due again. Windows that are older than a day are computed
as whole hours, when no newer window is due.

Minutes and hours are counted since 1970.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from footfall.lake.window_files import FIVE, HOUR

DAY: Final = 1440
# At sixty events a second, such a set takes some seconds; the newest minute waits for one set at most.
MOST_MINUTES: Final = 300
MOST_HOURS: Final = 24

# The target range for computing a set of whole hours, since newer windows wait for it.
_SHORT_S: Final = 3.0
_LONG_S: Final = 10.0
_VERSION: Final = 1
# The maximum number of minute ranges that one set reads; ranges that are `_CLOSE` minutes apart or less are joined.
_MOST_SPANS: Final = 3
_CLOSE: Final = 15

Batch = tuple[str, int]


@dataclass(frozen=True, slots=True)
class WindowSet:
    """Closed windows to compute together.

    minutes, fives: the starts of the 1-minute and the 5-minute windows. hours: the queued hours that the set covers.
    taken: the value of `Pending.touches` when the set was taken.
    """

    closed_until: int
    minutes: tuple[int, ...]
    fives: tuple[int, ...]
    hours: tuple[int, ...] = ()
    taken: int = 0

    def spans(self) -> list[tuple[int, int]]:
        """The minutes whose events must be read, as a few ascending ranges (first, end), `end` excluded."""
        found = _runs(dict.fromkeys({*self.minutes, *(start + age for start in self.fives for age in range(FIVE))}, 0))
        between = sorted((after[0] - before[1] for before, after in pairwise(found)), reverse=True)
        widest = max(between[_MOST_SPANS - 1] if len(between) >= _MOST_SPANS else 0, _CLOSE)
        spans: list[tuple[int, int]] = []
        for first, end, _ in found:
            if spans and first - spans[-1][1] <= widest:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((first, end))
        return spans


@dataclass(frozen=True, slots=True)
class Pending:
    """The windows to compute, each with the number of the last `touch` or `queue` call that requested it.

    batch: the last archived batch (checkpoint, number) that was added. touches: the number of calls so far.
    After a crash, the caller adds the later batches again; windows that were computed but not marked `done` are
    computed again, with the same result.
    """

    batch: Batch | None = None
    touches: int = 0
    minutes: Mapping[int, int] = field(default_factory=dict)
    fives: Mapping[int, int] = field(default_factory=dict)
    hours: Mapping[int, int] = field(default_factory=dict)

    def touch(self, batch: Batch, minutes: Iterable[int], closed_until: int) -> "Pending":
        """Adds the windows of an archived batch's minutes. A batch that was already added changes nothing."""
        if self.batch is not None and batch[0] == self.batch[0] and batch[1] <= self.batch[1]:
            return self
        number, found = self.touches + 1, set(minutes)
        late = {minute for minute in found if minute < closed_until - DAY}
        recent = found - late
        return replace(
            self.queue({start // HOUR for minute in late for start in (minute, minute - FIVE + 1)}),
            batch=batch,
            touches=number,
            minutes={**self.minutes, **dict.fromkeys(recent, number)},
            fives={**self.fives, **{minute - age: number for minute in recent for age in range(FIVE)}},
        )

    def queue(self, hours: Iterable[int]) -> "Pending":
        """Adds all windows of these hours, as after the loss of a file or of the list itself."""
        number = self.touches + 1
        return replace(self, touches=number, hours={**self.hours, **dict.fromkeys(hours, number)})

    def due(self, closed_until: int, most_hours: int = MOST_HOURS) -> WindowSet | None:
        """The next windows to compute, the newest first; None if none is due.

        closed_until: the first minute that is not closed. most_hours: the maximum number of queued hours in the set.
        """
        ripe = {start for start in self.minutes if start < closed_until}
        ripe_fives = {start for start in self.fives if start + FIVE <= closed_until}
        if ripe or ripe_fives:
            oldest = max(ripe | ripe_fives) - MOST_MINUTES
            minutes = tuple(sorted(start for start in ripe if start > oldest))
            fives = tuple(sorted(start for start in ripe_fives if start > oldest))
            return WindowSet(closed_until, minutes, fives, taken=self.touches)
        over = sorted((hour for hour in self.hours if hour * HOUR < closed_until), reverse=True)[:most_hours]
        return windows_of_hours(over, closed_until, self.touches) if over else None

    def done(self, window_set: WindowSet) -> "Pending":
        """Removes a set that was computed and published. Windows that were requested again since then stay."""
        first_open = window_set.closed_until

        def remaining(pending: Mapping[int, int], computed: Collection[int]) -> dict[int, int]:
            finished = set(computed)
            return {
                start: number for start, number in pending.items() if start not in finished or number > window_set.taken
            }

        pending = replace(
            self,
            minutes=remaining(self.minutes, window_set.minutes),
            fives=remaining(self.fives, window_set.fives),
            hours=remaining(self.hours, window_set.hours),
        )
        # The remaining windows of an unfinished hour are due when they close.
        begun = [
            hour for hour in window_set.hours if (hour + 1) * HOUR + FIVE - 1 > first_open and hour not in pending.hours
        ]
        if not begun:
            return pending
        starts = [start for hour in begun for start in range(hour * HOUR, (hour + 1) * HOUR)]
        minutes = {start: pending.touches for start in starts if start >= first_open}
        fives = {start: pending.touches for start in starts if start + FIVE > first_open}
        return replace(pending, minutes={**minutes, **pending.minutes}, fives={**fives, **pending.fives})

    def to_json(self) -> str:
        """One line of JSON that `from_json` reads."""
        return json.dumps(
            {
                "version": _VERSION,
                "batch": None if self.batch is None else list(self.batch),
                "touches": self.touches,
                "minutes": _runs(self.minutes),
                "fives": _runs(self.fives),
                "hours": _runs(self.hours),
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> "Pending":
        """Reads the output of `to_json`. Raises ValueError with a sentence for anything else."""
        try:
            document = json.loads(text)
            if document["version"] != _VERSION:
                raise ValueError(f"version {document['version']}")
            batch = document["batch"]
            return cls(
                None if batch is None else (str(batch[0]), int(batch[1])),
                int(document["touches"]),
                _from_runs(document["minutes"]),
                _from_runs(document["fives"]),
                _from_runs(document["hours"]),
            )
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            raise ValueError(f"The list of windows to be computed cannot be read: {error}.") from None


def adjusted_hours_limit(hours: int, seconds: float) -> int:
    """The next limit of hours per set, after `hours` hours took `seconds`: larger if fast, smaller if slow."""
    if seconds < _SHORT_S:
        return min(2 * hours, MOST_HOURS)
    return max(hours // 2, 1) if seconds > _LONG_S else hours


def windows_of_hours(hours: Iterable[int], closed_until: int, taken: int = 0) -> WindowSet:
    """The set of all closed windows that start in these hours."""
    wanted = tuple(sorted(hours))
    starts = [start for hour in wanted for start in range(hour * HOUR, (hour + 1) * HOUR)]
    return WindowSet(
        closed_until,
        tuple(start for start in starts if start < closed_until),
        tuple(start for start in starts if start + FIVE <= closed_until),
        wanted,
        taken,
    )


def _runs(numbered: Mapping[int, int]) -> list[tuple[int, int, int]]:
    """A mapping of integers to numbers as ascending runs (first, end, number), `end` excluded."""
    found: list[tuple[int, int, int]] = []
    for value, number in sorted(numbered.items()):
        if found and found[-1][1:] == (value, number):
            found[-1] = (found[-1][0], value + 1, number)
        else:
            found.append((value, value + 1, number))
    return found


def _from_runs(runs: list[list[int]]) -> dict[int, int]:
    return {value: int(number) for first, end, number in runs for value in range(first, end)}

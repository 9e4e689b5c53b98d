"""Which windows are to be computed now, and which later. Pure: numbers in, numbers out.

A minute that got rows makes its own window due, and the five five-minute windows that hold it, each once its last
minute is closed; it makes no difference whether it is the newest minute or a closed one that got late rows. What is
older than a day comes as whole hours, when nothing newer is due.

Minutes and hours are counted since 1970.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from footfall.lake.window_files import FIVE, HOUR

DAY: Final = 1440
# A portion takes some seconds at sixty events a second, and the newest minute waits for one at most.
MOST_MINUTES: Final = 300
MOST_HOURS: Final = 24

# What is newer waits for a portion of hours, and that long at most as a rule.
_SHORT_S: Final = 3.0
_LONG_S: Final = 10.0
_VERSION: Final = 1
# How many ranges of the archive a portion reads at most; what lies between close ones is read too.
_MOST_SPANS: Final = 3
_CLOSE: Final = 15

Batch = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Portion:
    """What to compute together: starts of 1-minute and of 5-minute windows, all of them closed.

    hours: the queued hours among it. taken: how much had been touched when it was taken.
    """

    closed_until: int
    minutes: tuple[int, ...]
    fives: tuple[int, ...]
    hours: tuple[int, ...] = ()
    taken: int = 0

    def spans(self) -> list[tuple[int, int]]:
        """The minutes whose events are to be read, as a few ranges (first, end), ascending."""
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
    """The windows that are to be computed, each with the number of the touch that asked for it last.

    batch: the last archived batch (checkpoint, number) whose minutes are in here. After a crash the batches behind it
    are touched anew; what was computed but not `done` is computed again, to the same figures.
    """

    batch: Batch | None = None
    touches: int = 0
    minutes: Mapping[int, int] = field(default_factory=dict)
    fives: Mapping[int, int] = field(default_factory=dict)
    hours: Mapping[int, int] = field(default_factory=dict)

    def touch(self, batch: Batch, minutes: Iterable[int], closed_until: int) -> "Pending":
        """After an archived batch that held events of these minutes. A batch that was told already changes nothing."""
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
        """With these hours to be computed whole, such as one whose file is lost or those of an archive found anew."""
        number = self.touches + 1
        return replace(self, touches=number, hours={**self.hours, **dict.fromkeys(hours, number)})

    def due(self, closed_until: int, most_hours: int = MOST_HOURS) -> Portion | None:
        """What to compute next, None if nothing is due; newest first.

        closed_until: the first minute that is not closed. most_hours: of queued ones.
        """
        ripe = {start for start in self.minutes if start < closed_until}
        ripe_fives = {start for start in self.fives if start + FIVE <= closed_until}
        if ripe or ripe_fives:
            oldest = max(ripe | ripe_fives) - MOST_MINUTES
            minutes = tuple(sorted(start for start in ripe if start > oldest))
            fives = tuple(sorted(start for start in ripe_fives if start > oldest))
            return Portion(closed_until, minutes, fives, taken=self.touches)
        over = sorted((hour for hour in self.hours if hour * HOUR < closed_until), reverse=True)[:most_hours]
        return whole_hours(over, closed_until, self.touches) if over else None

    def done(self, portion: Portion) -> "Pending":
        """After a portion was computed and published. What was touched since it was taken stays."""
        still = portion.closed_until

        def rest(pending: Mapping[int, int], computed: Collection[int]) -> dict[int, int]:
            told = set(computed)
            return {start: number for start, number in pending.items() if start not in told or number > portion.taken}

        pending = replace(
            self,
            minutes=rest(self.minutes, portion.minutes),
            fives=rest(self.fives, portion.fives),
            hours=rest(self.hours, portion.hours),
        )
        # An hour that was not over: its other windows are due when they close.
        begun = [hour for hour in portion.hours if (hour + 1) * HOUR + FIVE - 1 > still and hour not in pending.hours]
        if not begun:
            return pending
        starts = [start for hour in begun for start in range(hour * HOUR, (hour + 1) * HOUR)]
        minutes = {start: pending.touches for start in starts if start >= still}
        fives = {start: pending.touches for start in starts if start + FIVE > still}
        return replace(pending, minutes={**minutes, **pending.minutes}, fives={**fives, **pending.fives})

    def to_json(self) -> str:
        """One line of JSON; `from_json` reads it."""
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
        """What `to_json` wrote. Raises ValueError, a sentence, for anything else."""
        try:
            told = json.loads(text)
            if told["version"] != _VERSION:
                raise ValueError(f"version {told['version']}")
            batch = told["batch"]
            return cls(
                None if batch is None else (str(batch[0]), int(batch[1])),
                int(told["touches"]),
                _from_runs(told["minutes"]),
                _from_runs(told["fives"]),
                _from_runs(told["hours"]),
            )
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            raise ValueError(f"The list of windows to be computed cannot be read: {error}.") from None


def more_or_fewer(hours: int, seconds: float) -> int:
    """How many hours to compute together, when so many took so long: few of busy days, a whole day of quiet ones."""
    if seconds < _SHORT_S:
        return min(2 * hours, MOST_HOURS)
    return max(hours // 2, 1) if seconds > _LONG_S else hours


def whole_hours(hours: Iterable[int], closed_until: int, taken: int = 0) -> Portion:
    """All closed windows that start in these hours."""
    wanted = tuple(sorted(hours))
    starts = [start for hour in wanted for start in range(hour * HOUR, (hour + 1) * HOUR)]
    return Portion(
        closed_until,
        tuple(start for start in starts if start < closed_until),
        tuple(start for start in starts if start + FIVE <= closed_until),
        wanted,
        taken,
    )


def _runs(numbered: Mapping[int, int]) -> list[tuple[int, int, int]]:
    """Integers with their numbers as runs (first, end, number), ascending."""
    found: list[tuple[int, int, int]] = []
    for value, number in sorted(numbered.items()):
        if found and found[-1][1:] == (value, number):
            found[-1] = (found[-1][0], value + 1, number)
        else:
            found.append((value, value + 1, number))
    return found


def _from_runs(told: list[list[int]]) -> dict[int, int]:
    return {value: int(number) for first, end, number in told for value in range(first, end)}

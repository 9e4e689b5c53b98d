"""Chooses the next visitor: a person whose return is due, else a new person from a country that is awake. Pure.

Its memory (each person's number of visits, planned returns) is bounded by the population.
"""

import random
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Any, Final

from footfall.sites.visitors.behaviour import Behaviour
from footfall.sites.visitors.locations import local_hour
from footfall.sites.visitors.population import Person, Population

_HOUR_MS: Final = 3_600_000
# Above the 30 minutes of inactivity that end a visit, so that a return is always a new visit.
_SHORTEST_RETURN_H: Final = 0.75
# If nine tenths of the people have visited, this many draws still find a new one in four cases of five.
_DRAWS_FOR_UNSEEN: Final = 16


@dataclass(frozen=True, slots=True)
class Turn:
    """One visit to be played: the person's index, and the number of the visit among this person's visits, from 0."""

    index: int
    number: int


class Schedule:
    """Hands out turns. A person who is between `begin` and `end` is not handed out again."""

    def __init__(
        self,
        population: Population,
        behaviour: Behaviour,
        pace: float = 1.0,
        remembered: dict[str, Any] | None = None,
    ) -> None:
        self._population = population
        self._behaviour = behaviour
        self._pace = pace
        self._visits: dict[int, int] = {}
        self._due: list[tuple[int, int]] = []
        self._active: set[int] = set()
        if remembered is not None and remembered.get("seed") == population.seed:
            self._visits = {int(k): v for k, v in remembered["visits"].items() if int(k) < population.size}
            self._due = [(ms, index) for ms, index in remembered["due"] if index < population.size]
            heapify(self._due)
        self._rng = random.Random(f"{population.seed}/{population.app}/schedule/{sum(self._visits.values())}")

    def begin(self, now_ms: int) -> Turn:
        """The next visitor at `now_ms` (epoch milliseconds)."""
        index = self._due_index(now_ms)
        if index is None:
            index = self._new_index(now_ms)
        self._active.add(index)
        number = self._visits.get(index, 0)
        self._visits[index] = number + 1
        return Turn(index, number)

    def end(self, turn: Turn, person: Person, now_ms: int) -> None:
        """Ends a visit. The visit decides whether and when the person returns, not the clock."""
        self._active.discard(turn.index)
        hours = return_hours(self._population.seed, person, turn.number, self._behaviour)
        if hours is not None:
            return_ms = in_own_hours(person, now_ms, now_ms + int(hours * _HOUR_MS / self._pace))
            heappush(self._due, (return_ms, turn.index))

    def remembered(self) -> dict[str, Any]:
        """The state that a later process needs to continue; plain JSON."""
        return {
            "seed": self._population.seed,
            "visits": {str(index): count for index, count in self._visits.items()},
            "due": [list(entry) for entry in self._due],
        }

    def _due_index(self, now_ms: int) -> int | None:
        while self._due and self._due[0][0] <= now_ms:
            index = heappop(self._due)[1]
            if index not in self._active:
                return index
        return None

    def _new_index(self, now_ms: int) -> int:
        index = self._population.draw_index(self._rng, now_ms)
        for _ in range(_DRAWS_FOR_UNSEEN):
            if index not in self._visits:
                break
            index = self._population.draw_index(self._rng, now_ms)
        while index in self._active:
            index = self._rng.randrange(self._population.size)
        return index


def return_hours(seed: int, person: Person, number: int, behaviour: Behaviour) -> float | None:
    """The hours of simulated life until the person returns after visit `number`; None: no return by habit."""
    rng = random.Random(f"{seed}/{person.app}/{person.index}/{number}/return")
    chance = rng.random() / person.loyalty
    for habit in behaviour.returns:
        if chance < habit.share:
            return max(_SHORTEST_RETURN_H, habit.hours.draw(rng))
        chance -= habit.share
    return None


def in_own_hours(person: Person, before_ms: int, return_ms: int) -> int:
    """The time of a return, moved into the hours of the person's group, if there is one; epoch milliseconds.

    before_ms: the previous visit. A return that would come before it or too soon after it comes a day later.
    """
    if person.group is None:
        return return_ms
    moved_ms = person.group.moved(return_ms, local_hour(person.country.timezone, return_ms // _HOUR_MS))
    return moved_ms if moved_ms >= before_ms + int(_SHORTEST_RETURN_H * _HOUR_MS) else moved_ms + 24 * _HOUR_MS

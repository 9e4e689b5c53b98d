"""Who visits a site on which day and when: some come anew, some come back. Pure; any day can be asked for by itself."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate, chain
from typing import Final, NamedTuple

from footfall.history import day_profile
from footfall.site_registry import DemoSite
from footfall.sites.visitors.behaviour import Behaviour
from footfall.sites.visitors.locations import activity_cumulated
from footfall.sites.visitors.population import Population
from footfall.sites.visitors.schedule import return_hours

# Who has not come back by then counts as somebody new. Of those who come back, nine in ten do within these days.
_RETURN_DAYS: Final = 8
# Part of a day's visits that may be followed by others: those who come anew, first in the day's order. Together with
# those who come back they stay below the day's number, so that each of them is surely made.
_LOYAL_SHARE: Final = 0.5
# Events of a visit in the mean, as simulated: only for how many people are loyal.
_EVENTS_A_VISIT: Final = 40
_HOUR_MS: Final = 3_600_000
_NUMBERS_A_DAY: Final = 100


class Arrival(NamedTuple):
    """One visit to be made. start_ms: epoch milliseconds; person: index; number: tells this visit from all others of
    the person."""

    start_ms: int
    person: int
    number: int
    returning: bool


class Arrivals:
    """The visits of one site under one population and number of events a day."""

    def __init__(self, population: Population, behaviour: Behaviour, app: DemoSite, events_per_day: int) -> None:
        self._population = population
        self._behaviour = behaviour
        self._app: DemoSite = app
        self._events_per_day = events_per_day
        self._returns = lru_cache(maxsize=_RETURN_DAYS + 2)(self._returns_of)

    def on(self, day: date) -> Iterator[Arrival]:
        """The visits that begin on a day, in an order of no meaning and without end: take as many as are wanted."""
        low, high = day_profile.start_ms(day), day_profile.end_ms(day)
        origins = (day - timedelta(days=back) for back in range(_RETURN_DAYS, -1, -1))
        due = [again for origin in origins for again in self._returns(origin) if low <= again.start_ms < high]
        return chain(due, self._new(day))

    def _new(self, day: date) -> Iterator[Arrival]:
        rng = random.Random(f"{self._population.seed}/{self._app}/{day}/arrivals")
        first_hour = day_profile.start_ms(day) // _HOUR_MS
        # As busy as the countries that are awake together.
        busy = tuple(accumulate(activity_cumulated(first_hour + hour)[-1] for hour in range(24)))
        met: set[int] = set()
        number = day.toordinal() * _NUMBERS_A_DAY
        while True:
            hour = first_hour + rng.choices(range(24), cum_weights=busy)[0]
            start_ms = hour * _HOUR_MS + rng.randrange(_HOUR_MS)
            index = self._population.draw_index(rng, start_ms)
            if index in met and len(met) < self._population.size:
                continue
            # With everybody met, people come a second time.
            number += index in met
            met.add(index)
            yield Arrival(start_ms, index, number, returning=False)

    def _returns_of(self, origin: date) -> list[Arrival]:
        """Later visits of those who came anew on a day."""
        wanted = day_profile.events_wanted(self._population.seed, self._app, origin, self._events_per_day)
        last_ms = day_profile.start_ms(origin) + _RETURN_DAYS * 24 * _HOUR_MS
        found: list[Arrival] = []
        new = self._new(origin)
        for _ in range(int(wanted / _EVENTS_A_VISIT * _LOYAL_SHARE)):
            visit = next(new)
            person = self._population.person(visit.person)
            while True:
                hours = return_hours(self._population.seed, person, visit.number, self._behaviour)
                if hours is None or (start_ms := visit.start_ms + int(hours * _HOUR_MS)) >= last_ms:
                    break
                visit = Arrival(start_ms, visit.person, visit.number + 1, returning=True)
                found.append(visit)
        return found

"""The visits of a site on each day: new visitors and returning ones. Pure; each day can be computed on its own."""

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
from footfall.sites.visitors.schedule import in_own_hours, return_hours

# Later returns count as new visitors. Nine in ten of all returns fall within these days.
_RETURN_DAYS: Final = 8
# The share of a day's visits that may be followed by returns: those of new visitors, first in the day's order.
# These visits and the returns stay below the day's total, so each of them is certain to be generated.
_LOYAL_SHARE: Final = 0.5
# Mean number of events per visit in the simulation; used only for the number of loyal visitors.
_EVENTS_A_VISIT: Final = 40
_HOUR_MS: Final = 3_600_000
_NUMBERS_A_DAY: Final = 100


class Arrival(NamedTuple):
    """One visit to be generated. start_ms: epoch milliseconds. person: index. number: different for each visit of the
    person."""

    start_ms: int
    person: int
    number: int
    returning: bool


class Arrivals:
    """The visits of one site for one population and one number of events per day."""

    def __init__(self, population: Population, behaviour: Behaviour, app: DemoSite, events_per_day: int) -> None:
        self._population = population
        self._behaviour = behaviour
        self._app: DemoSite = app
        self._events_per_day = events_per_day
        self._returns = lru_cache(maxsize=_RETURN_DAYS + 2)(self._returns_of)

    def on(self, day: date) -> Iterator[Arrival]:
        """Yields the visits that begin on a day, in no particular order and without end: take as many as needed."""
        low, high = day_profile.start_ms(day), day_profile.end_ms(day)
        origins = (day - timedelta(days=back) for back in range(_RETURN_DAYS, -1, -1))
        due = [again for origin in origins for again in self._returns(origin) if low <= again.start_ms < high]
        return chain(due, self._new(day))

    def _new(self, day: date) -> Iterator[Arrival]:
        rng = random.Random(f"{self._population.seed}/{self._app}/{day}/arrivals")
        first_hour = day_profile.start_ms(day) // _HOUR_MS
        # Each hour's weight is the activity of all countries together.
        busy = tuple(accumulate(activity_cumulated(first_hour + hour)[-1] for hour in range(24)))
        met: set[int] = set()
        number = day.toordinal() * _NUMBERS_A_DAY
        while True:
            hour = first_hour + rng.choices(range(24), cum_weights=busy)[0]
            start_ms = hour * _HOUR_MS + rng.randrange(_HOUR_MS)
            index = self._population.draw_index(rng, start_ms)
            if index in met and len(met) < self._population.size:
                continue
            # Once everyone has visited, people come a second time.
            number += index in met
            met.add(index)
            yield Arrival(start_ms, index, number, returning=False)

    def _returns_of(self, origin: date) -> list[Arrival]:
        """The returns of the people who were new on a day."""
        wanted = day_profile.events_wanted(self._population.seed, self._app, origin, self._events_per_day)
        last_ms = day_profile.start_ms(origin) + _RETURN_DAYS * 24 * _HOUR_MS
        found: list[Arrival] = []
        new = self._new(origin)
        for _ in range(int(wanted / _EVENTS_A_VISIT * _LOYAL_SHARE)):
            visit = next(new)
            person = self._population.person(visit.person)
            while True:
                hours = return_hours(self._population.seed, person, visit.number, self._behaviour)
                if hours is None:
                    break
                start_ms = in_own_hours(person, visit.start_ms, visit.start_ms + int(hours * _HOUR_MS))
                if start_ms >= last_ms:
                    break
                visit = Arrival(start_ms, visit.person, visit.number + 1, returning=True)
                found.append(visit)
        return found

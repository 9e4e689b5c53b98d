"""The visits of a day are the same in whatever order days are requested, and include returning people."""

from datetime import date, timedelta
from itertools import islice

from footfall.history import day_profile
from footfall.history.arrivals import Arrival, Arrivals
from footfall.sites.visitors.behaviour import load_behaviour
from footfall.sites.visitors.population import Population

_DAY = date(2026, 11, 24)


def _arrivals(people: int = 5_000) -> Arrivals:
    return Arrivals(Population(7, "shop", people), load_behaviour("shop"), "shop", 20_000)


def _first(arrivals: Arrivals, day: date, count: int = 150) -> list[Arrival]:
    return list(islice(arrivals.on(day), count))


def test_a_day_does_not_depend_on_the_days_asked_before() -> None:
    used = _arrivals()
    for back in range(5, 0, -1):
        _first(used, _DAY - timedelta(days=back))
    assert _first(used, _DAY) == _first(_arrivals(), _DAY)


def test_visits_begin_within_the_day() -> None:
    low, high = day_profile.start_ms(_DAY), day_profile.end_ms(_DAY)
    assert all(low <= visit.start_ms < high for visit in _first(_arrivals(), _DAY))


def test_all_visits_differ() -> None:
    arrivals = _arrivals()
    visits = [v for n in range(6) for v in _first(arrivals, _DAY + timedelta(days=n))]
    assert len({(visit.person, visit.number) for visit in visits}) == len(visits)


def test_returning_visits_are_a_good_part_and_follow_an_earlier_one() -> None:
    arrivals = _arrivals()
    days = {n: _first(arrivals, _DAY + timedelta(days=n), 400) for n in range(-8, 1)}
    returning = [visit for visit in days[0] if visit.returning]
    assert 20 <= len(returning) <= 120
    earlier = {visit.person for n in days for visit in days[n] if not visit.returning}
    assert {visit.person for visit in returning} <= earlier


def test_a_small_population_comes_again_when_all_have_come() -> None:
    visits = _first(_arrivals(people=100), _DAY, 400)
    assert len({(visit.person, visit.number) for visit in visits}) == 400

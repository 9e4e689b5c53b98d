"""Two simulated days of each site: what the behaviour files lead to, by the definitions of the metrics page."""

from functools import lru_cache
from statistics import median

import pytest

from footfall.site_registry import DEMO_SITES
from footfall.sites.visitors.behaviour import load_behaviour
from footfall.sites.visitors.population import Population
from footfall.sites.visitors.simulation import SimulatedVisit, simulate

DAY_MS = 86_400_000
START_MS = 20_000 * DAY_MS


@lru_cache(maxsize=3)
def two_days(app: str) -> tuple[SimulatedVisit, ...]:
    return tuple(simulate(load_behaviour(app), Population(7, app, 40_000), 10, START_MS, 2 * DAY_MS))


def is_bounce(visit: SimulatedVisit) -> bool:
    return visit.page_views < 2 and visit.engaged_ms < 10_000 and not visit.converted


@pytest.mark.parametrize("app", DEMO_SITES)
def test_between_a_quarter_and_half_of_the_visits_bounce(app: str) -> None:
    visits = two_days(app)
    assert 0.25 <= sum(map(is_bounce, visits)) / len(visits) <= 0.5


@pytest.mark.parametrize("app", DEMO_SITES)
def test_the_median_visit_has_three_to_six_page_views(app: str) -> None:
    assert 3 <= median(visit.page_views for visit in two_days(app)) <= 6


@pytest.mark.parametrize("app", DEMO_SITES)
def test_between_a_tenth_and_a_third_return_the_next_day(app: str) -> None:
    first, second = (
        {visit.index for visit in two_days(app) if (visit.start_ms - START_MS) // DAY_MS == day} for day in (0, 1)
    )
    assert 0.10 <= len(first & second) / len(first) <= 0.35


def test_three_sites_send_about_ten_events_a_second() -> None:
    events = sum(visit.events for app in DEMO_SITES for visit in two_days(app))
    assert 8 <= events / (2 * 86_400) <= 12


@pytest.mark.parametrize("app", DEMO_SITES)
def test_ten_are_at_work_at_every_moment_and_nobody_twice(app: str) -> None:
    changes = sorted(
        (moment, step, visit.index)
        for visit in two_days(app)
        for moment, step in ((visit.start_ms, 1), (visit.end_ms, -1))
    )
    now: set[int] = set()
    for position, (moment, step, index) in enumerate(changes):
        if step == 1:
            assert index not in now
            now.add(index)
        else:
            now.discard(index)
        last_of_moment = position + 1 == len(changes) or changes[position + 1][0] > moment
        if last_of_moment and moment < START_MS + 2 * DAY_MS - 3_600_000:
            assert len(now) == 10


@pytest.mark.parametrize("app", DEMO_SITES)
def test_every_state_that_the_behaviour_leads_to_is_reached(app: str) -> None:
    reached = {state for visit in two_days(app) for state in visit.states}
    assert reached == set(load_behaviour(app).states)


def test_the_same_seed_gives_the_same_visits() -> None:
    def hour(seed: int) -> list[SimulatedVisit]:
        return list(simulate(load_behaviour("shop"), Population(seed, "shop", 5_000), 5, START_MS, 3_600_000))

    assert hour(1) == hour(1) != hour(2)

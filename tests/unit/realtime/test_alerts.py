"""Ordinary hours raise no alert. Each kind of incident raises one in time, about the right page, and it ends."""

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import comb, exp, factorial

import pytest

from footfall.metrics.histogram import bucket
from footfall.realtime.alerts import watch as watch_module
from footfall.realtime.alerts.alert import Alert
from footfall.realtime.alerts.figures import LONG_SLOTS, SLOT_MS, Figures
from footfall.realtime.alerts.tails import binomial_upper, poisson_lower
from footfall.realtime.alerts.watch import Watch

# A simulated site advances in steps; the events of a step are spread over its slots.
_STEP_S = 5
_SLOTS = _STEP_S * 1000 // SLOT_MS
_HOUR = 3600 // _STEP_S
_PAGES = 40


@dataclass(frozen=True)
class World:
    """How a site's visitors behave. `visitors`: at one time. Shares are of page views, the last ones of events."""

    visitors: int = 10
    failing: float = 0.004
    failing_page: str | None = None
    slow: float = 0.0
    malformed: float = 0.001
    crawlers: int = 0
    without_row: float = 0.0


class Site:
    """A simulated site: visits of some pages, seconds on each, pings, a crawler now and then."""

    def __init__(self, seed: int, app: str = "shop") -> None:
        self._chance = random.Random(seed)
        self._app = app
        self._visits: list[list[int]] = []
        self._crawler = [0, 0]
        self._last = 0
        self.slot = 1_000_000

    def step(self, world: World) -> list[dict[str | None, Figures]]:
        """Simulates one step; returns the figures of each slot, by page (None for the site)."""
        chance = self._chance
        slots: list[dict[str | None, Figures]] = [{None: Figures()} for _ in range(_SLOTS)]
        while len(self._visits) < world.visitors:
            self._last += 1
            # Visitor, pages left, steps left on this one.
            self._visits.append([self._last, 1 + min(30, int(chance.expovariate(0.2))), 0])
        del self._visits[world.visitors :]
        for visit in self._visits:
            visitor, _, dwell = visit
            places = chance.choice(slots)
            site = places[None]
            site.people.add(visitor)
            site.events += 1
            if chance.random() < world.malformed:
                site.rejected += 1
            if world.without_row and chance.random() < world.without_row:
                site.without_row += 1
            if dwell:
                visit[2] -= 1
                continue
            visit[1] -= 1
            visit[2] = min(12, int(chance.expovariate(0.5)))
            path = f"/page-{min(_PAGES, int(chance.paretovariate(0.7)))}"
            self._view(site, places.setdefault(path, Figures()), path, world)
        self._visits = [visit for visit in self._visits if visit[1] > 0 or visit[2] > 0]
        if self._crawler[1] == 0 and chance.random() < 1 / 240:
            self._last += 1
            self._crawler = [self._last, 12]
        if self._crawler[1]:
            self._crawler[1] -= 1
            chance.choice(slots)[None].bots.add(self._crawler[0])
        chance.choice(slots)[None].bots.update(range(-world.crawlers, 0))
        return slots

    def report(self, watch: Watch, places: dict[str | None, Figures]) -> None:
        """Adds the figures of the next slot to a watch."""
        for path, figures in places.items():
            watch.add(self._app, path, self.slot, figures)
        self.slot += 1

    def _view(self, site: Figures, page: Figures, path: str, world: World) -> None:
        response_ms = int(self._chance.lognormvariate(3.5, 0.6))
        if self._chance.random() < world.slow:
            response_ms += 3_000
        failing = world.failing if world.failing_page in (None, path) else 0.004
        failed = self._chance.random() < failing
        for figures in (site, page):
            figures.tried += 1
            figures.failed += failed
            found = bucket(response_ms)
            figures.responses[found] = figures.responses.get(found, 0) + 1
            if failed:
                figures.sample = f"request of {path}"


def played(site: Site, watch: Watch, world: World, steps: int) -> Iterator[Alert]:
    """Plays steps into a watch; yields the alerts that change."""
    for _ in range(steps):
        for places in site.step(world):
            site.report(watch, places)
            yield from watch.judge(site.slot)


@pytest.fixture
def quiet() -> tuple[Site, Watch]:
    """Half an hour of an ordinary site."""
    site, watch = Site(7), Watch()
    assert not list(played(site, watch, World(), _HOUR // 2))
    return site, watch


@pytest.mark.parametrize("seed", range(5))
def test_ordinary_hours_are_silent(seed: int) -> None:
    site, watch = Site(seed), Watch()
    assert list(played(site, watch, World(), 2 * _HOUR)) == []


@pytest.mark.parametrize(
    ("kind", "world", "within_s"),
    [
        ("errors", World(failing=0.8), 20),
        ("errors", World(failing=0.2), 120),
        ("slow", World(slow=0.8), 30),
        ("slow", World(slow=0.4), 60),
        ("drop", World(visitors=1), 80),
        ("bots", World(crawlers=10), 20),
        ("rejects", World(malformed=0.3), 30),
        ("values", World(without_row=0.3), 30),
    ],
)
def test_an_incident_raises_an_alert_in_time_and_ends(
    quiet: tuple[Site, Watch], kind: str, world: World, within_s: int
) -> None:
    site, watch = quiet
    began_ms = site.slot * SLOT_MS
    raised = next(played(site, watch, world, within_s // _STEP_S))
    assert (raised.kind, raised.app_id, raised.page_path, raised.state) == (kind, "shop", None, "open")
    assert began_ms - 60_000 <= raised.started_ms < raised.raised_ms <= began_ms + within_s * 1000
    assert raised.tail_p < 1e-6
    # While it lasts, the alert may grow worse, but no other alert is raised.
    assert {alert.alert_id for alert in played(site, watch, world, 60)} <= {raised.alert_id}
    after = list(played(site, watch, World(), 60))
    assert [alert.alert_id for alert in after if alert.state == "resolved"] == [raised.alert_id]
    assert after[-1].resolved_ms is not None
    # The minutes of the incident are not part of the baseline.
    assert next(played(site, watch, world, within_s // _STEP_S)).kind == kind


def test_a_critical_alert_stays_critical_until_it_is_over(quiet: tuple[Site, Watch]) -> None:
    site, watch = quiet
    found = []
    for tried, failed in ((10, 5), (10, 10), (200, 60)):
        watch.add("shop", None, site.slot, Figures(tried=tried, failed=failed, events=60))
        site.slot += 1
        found += watch.judge(site.slot)
    assert [alert.severity for alert in found] == ["warning", "critical", "critical"]
    assert found[-1].observed < 0.5


def test_an_alert_starts_at_the_first_failure_and_not_at_the_start_of_the_judged_minute(
    quiet: tuple[Site, Watch],
) -> None:
    site, watch = quiet
    # Nothing fails for a minute; then too few views fail to raise an alert from fifteen seconds.
    list(played(site, watch, World(failing=0.0), 12))
    began_ms = site.slot * SLOT_MS
    raised = next(played(site, watch, World(failing=0.2), 24))
    assert raised.kind == "errors"
    assert began_ms <= raised.started_ms < raised.raised_ms


def test_one_page_that_fails_is_named_and_the_site_is_not(quiet: tuple[Site, Watch]) -> None:
    site, watch = quiet
    found = list(played(site, watch, World(failing=0.9, failing_page="/page-1"), 60))
    pages = {(alert.kind, alert.page_path) for alert in found}
    assert ("errors", "/page-1") in pages
    assert pages <= {("errors", "/page-1"), ("errors", None)}
    named = next(alert for alert in found if alert.page_path == "/page-1")
    assert named.sample_request_id == "request of /page-1"
    # If the page had too few views at first, the site's alert was raised before; it ends while the page's stays open.
    site_alerts = [alert for alert in found if alert.page_path is None]
    assert not site_alerts or site_alerts[-1].state == "resolved" or site_alerts[0].raised_ms <= named.raised_ms


def test_a_page_is_not_named_while_the_other_pages_have_few_views(quiet: tuple[Site, Watch]) -> None:
    site, watch = quiet
    list(played(site, watch, World(failing=0.8), 24))
    found = []
    for _ in range(6):
        failed = Figures(tried=2, failed=2, events=10)
        site.report(watch, {None: failed, "/page-1": failed})
        found += watch.judge(site.slot)
    assert not [alert for alert in found if alert.page_path is not None]


def test_pages_that_become_slower_but_are_still_fast_raise_no_alert() -> None:
    watch, found = Watch(), []
    for late in range(-8 * LONG_SLOTS, 2 * LONG_SLOTS):
        # Some milliseconds; then a busy machine makes pages ten times as slow for a while; then they are too slow.
        slot = 1_000_000 + late
        response_ms = 4 if late < 0 else 60 if late < LONG_SLOTS // 2 else 300
        watch.add("shop", None, slot, Figures(tried=2, events=10, responses={bucket(response_ms): 2}))
        found += [(alert.kind, late) for alert in watch.judge(slot + 1) if alert.state == "open"]
    assert found
    assert {kind for kind, _ in found} == {"slow"}
    assert found[0][1] >= LONG_SLOTS // 2


@pytest.mark.parametrize(("most", "named"), [(0, {None}), (_PAGES, {"/page-1"})])
def test_pages_beyond_the_limit_are_watched_as_a_part_of_their_site(
    most: int, named: set[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_module, "MOST_PAGES", most)
    site, watch = Site(7), Watch()
    # Pages that nobody has opened for half an hour make room.
    for hour in range(3):
        for number in range(_PAGES):
            watch.add("shop", f"/{hour}/{number}", site.slot, Figures(tried=1))
        site.slot += 3_600_000 // SLOT_MS
        watch.judge(site.slot)
    assert not list(played(site, watch, World(), _HOUR // 2))
    found = list(played(site, watch, World(failing=0.9, failing_page="/page-1"), 60))
    assert {alert.page_path for alert in found} >= named
    assert most or {alert.page_path for alert in found} == {None}


def test_nothing_is_judged_before_five_minutes_are_known() -> None:
    site, watch = Site(3), Watch()
    assert list(played(site, watch, World(failing=0.9), 58)) == []
    # Nor later: a watch that starts during an incident takes it as the baseline.
    assert list(played(site, watch, World(failing=0.9), 60)) == []


def test_an_alert_outlives_its_process(quiet: tuple[Site, Watch]) -> None:
    site, watch = quiet
    raised = list(played(site, watch, World(failing=0.8), 12))[-1]
    again = Watch([raised])
    # A new process loads the figures from the store; here they are played again.
    assert {alert.alert_id for alert in played(site, again, World(failing=0.8), 80)} <= {raised.alert_id}
    ended = [alert for alert in played(site, again, World(), 90) if alert.state == "resolved"]
    assert [alert.alert_id for alert in ended] == [raised.alert_id]


def test_an_incident_before_a_restart_is_not_part_of_the_baseline(quiet: tuple[Site, Watch]) -> None:
    site, watch = quiet
    over = [*played(site, watch, World(failing=0.8), 24), *played(site, watch, World(), 60)][-1]
    assert over.state == "resolved"
    expected: dict[bool, float] = {}
    for is_known in (True, False):
        again, same = Watch([over] if is_known else []), copy.deepcopy(site)
        again._sites, again._since = copy.deepcopy((watch._sites, watch._since))
        expected[is_known] = next(played(same, again, World(failing=0.8), 24)).expected
    assert expected[True] < 0.01 < 0.05 < expected[False]


def test_an_alert_ends_when_there_are_no_more_visitors(quiet: tuple[Site, Watch]) -> None:
    site, watch = quiet
    raised, *_ = played(site, watch, World(failing=0.8), 12)
    ended = [alert for alert in played(site, watch, World(visitors=0), 100) if alert.state == "resolved"]
    assert raised.alert_id in [alert.alert_id for alert in ended]


@pytest.mark.parametrize("path", [None, "/page-1"])
def test_an_alert_of_a_site_or_page_without_visitors_since_a_restart_ends(
    quiet: tuple[Site, Watch], path: str | None
) -> None:
    site, watch = quiet
    raised = next(played(site, watch, World(failing=0.8), 12))._replace(page_path=path)
    again, ended = Watch([raised]), []
    for slot in range(site.slot, site.slot + _HOUR * _SLOTS):
        ended += again.judge(slot)
    assert [(alert.alert_id, alert.state) for alert in ended] == [(raised.alert_id, "resolved")]


def test_two_watches_give_the_same_alert_the_same_id() -> None:
    once, twice = Watch(), Watch()
    a, b = Site(7), Site(7)
    for world, steps in ((World(), 200), (World(failing=0.8), 12)):
        first, second = list(played(a, once, world, steps)), list(played(b, twice, world, steps))
        assert [alert.alert_id for alert in first] == [alert.alert_id for alert in second]
    assert first


@pytest.mark.parametrize(
    ("hits", "trials", "share"), [(0, 5, 0.3), (1, 5, 0.3), (4, 5, 0.01), (7, 60, 0.02), (30, 60, 0.5), (60, 60, 0.9)]
)
def test_the_binomial_tail_is_the_sum_of_its_terms(hits: int, trials: int, share: float) -> None:
    p = Fraction(share)
    exact = sum(comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in range(hits, trials + 1))
    assert binomial_upper(hits, trials, share) == pytest.approx(float(exact), rel=1e-9)


@pytest.mark.parametrize(("hits", "mean"), [(0, 3.0), (2, 3.0), (3, 20.0), (25, 20.0), (90, 60.0)])
def test_the_poisson_tail_is_the_sum_of_its_terms(hits: int, mean: float) -> None:
    exact = sum(mean**k / factorial(k) * exp(-mean) for k in range(hits + 1))
    assert poisson_lower(hits, mean) == pytest.approx(exact, rel=1e-9)


def test_tails_of_nothing_and_of_everything() -> None:
    assert (binomial_upper(3, 2, 0.5), binomial_upper(1, 5, 0.0), binomial_upper(1, 5, 1.0)) == (0.0, 0.0, 1.0)
    assert (poisson_lower(-1, 3.0), poisson_lower(0, 0.0)) == (0.0, 1.0)
    # Far out, where the first terms are too small for a float.
    assert binomial_upper(1, 100_000, 0.5) == pytest.approx(1.0)
    assert poisson_lower(10_000, 1_000.0) == pytest.approx(1.0)

"""Simulates the same visits without a site: simulated time, pages built from the behaviour's own states. Pure, fast.

It shows the effect of a behaviour file (bounce rate, pages a visit, returns) before anyone runs it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from footfall.sites.visitors.actions import Close, Dwell, FormSeen, Link, Page, Submit
from footfall.sites.visitors.behaviour import ERROR, Behaviour
from footfall.sites.visitors.population import Population
from footfall.sites.visitors.schedule import Schedule, Turn
from footfall.sites.visitors.visit import Visit, person_visits, visit_random

# The duration of loading a page; only its order of magnitude matters here.
_LOAD_MS: Final = 150
_PING_MS: Final = 5_000


@dataclass(frozen=True, slots=True)
class SimulatedVisit:
    """One visit of the person `index`, with the figures that measure engagement; times in epoch milliseconds."""

    index: int
    number: int
    start_ms: int
    end_ms: int
    states: tuple[str, ...]
    engaged_ms: int
    converted: bool
    events: int

    @property
    def page_views(self) -> int:
        """Loaded pages, reloads included."""
        return len(self.states)


class MadeUpSite:
    """A page for each state, with every link and form that the behaviour gives a weight."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._by_path: dict[str, str] = {}
        known: dict[str, list[Link]] = {name: [] for name in behaviour.states}
        for entry in behaviour.entries:
            known[entry.state] += [Link(entry.path.replace("{}", value)) for value in entry.values or ("",)]
        for name, links in known.items():
            if not links:
                links.append(Link(f"/made-up/{name}"))
            self._by_path.update((link.path, name) for link in links)
        self._links = {
            name: {target: tuple(known[target]) for target in state.to if target in known}
            for name, state in behaviour.states.items()
        }
        self._forms = {
            name: {
                form: FormSeen(form, "post", behaviour.forms[form].action, {}, {})
                for form in state.to
                if form in behaviour.forms
            }
            for name, state in behaviour.states.items()
        }

    def open(self, path: str) -> Page:
        """The page at `path`; the error page if no link leads there."""
        return self._page(self._by_path.get(path.partition("?")[0], ERROR), path)

    def submit(self, form: FormSeen) -> Page:
        """The page that follows a form."""
        return self._page(self._behaviour.forms[form.name].leads_to, form.action)

    def _page(self, state: str, path: str) -> Page:
        return Page(state, path, 404 if state == ERROR else 200, self._links[state], self._forms[state])


def simulate(
    behaviour: Behaviour, population: Population, slots: int, start_ms: int, duration_ms: int
) -> Iterator[SimulatedVisit]:
    """Yields the visits that begin within `duration_ms` from `start_ms`, in the order of their beginnings.

    slots: the number of concurrent visitors, always all busy. Times are in milliseconds of simulated life.
    """
    site = MadeUpSite(behaviour)
    schedule = Schedule(population, behaviour)
    ends: list[tuple[int, int]] = [(start_ms, slot) for slot in range(slots)]
    running: dict[int, SimulatedVisit] = {}
    while ends and ends[0][0] < start_ms + duration_ms:
        now_ms, slot = heappop(ends)
        if slot in running:
            over = running.pop(slot)
            person = population.person(over.index)
            schedule.end(Turn(over.index, over.number), person, over.end_ms)
        turn = schedule.begin(now_ms)
        person = population.person(turn.index)
        rng = visit_random(population.seed, population.app, turn.index, turn.number)
        visit = person_visits(person, behaviour, rng, logged_in=False)
        running[slot] = play(visit, site, behaviour, turn, now_ms)
        yield running[slot]
        heappush(ends, (running[slot].end_ms, slot))


def play(visit: Visit, site: MadeUpSite, behaviour: Behaviour, turn: Turn, start_ms: int) -> SimulatedVisit:
    """Plays one visit without waiting and returns its figures."""
    now_ms = start_ms
    states: list[str] = []
    engaged: dict[int, float] = {}
    total_engaged = events = 0
    converted = False
    page: Page | None = None
    while True:
        try:
            action = visit.send(page)
        except StopIteration:
            return SimulatedVisit(
                turn.index, turn.number, start_ms, now_ms, tuple(states), total_engaged, converted, events
            )
        page = None
        if isinstance(action, Dwell):
            now_ms += int(action.seconds * 1000)
            engaged[action.tab] = engaged.get(action.tab, 0.0) + action.seconds * action.attention * 1000
            continue
        left = int(engaged.pop(action.tab, 0.0))  # a page that is left has sent its last ping
        total_engaged += left
        events += -(-left // _PING_MS)
        if isinstance(action, Close):
            continue
        if isinstance(action, Submit):
            converted |= behaviour.forms[action.form.name].conversion
            page = site.submit(action.form)
            events += 1  # the form, or the event of the page that follows
        else:
            page = site.open(action.path)
            events += action.link is not None or not states  # the click, or the beginning of the visit
        events += 1  # the page view
        now_ms += _LOAD_MS
        states.append(page.state)

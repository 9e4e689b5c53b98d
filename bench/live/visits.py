"""Generates visits for benchmarks: simulated people view generated pages. No page is fetched."""

import random
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, Final

import orjson

from footfall.events.geo import Location
from footfall.events.identity import new_uuid7
from footfall.events.stamp import Context, accept
from footfall.events.times import format_rfc3339_ms
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES
from footfall.sites.visitors.population import Person, Population

PAGES: Final = 150  # of each site; the n-th is read 1/n as often as the first
SECTIONS: Final = 8
_PAGE_WEIGHTS: Final = tuple(accumulate(1 / n for n in range(1, PAGES + 1)))
# The event types of a visit after its first page view, in about the proportions of the simulated sites.
_KINDS: Final = ("page_view", "page_ping", "click", "impression", "error")
_KIND_WEIGHTS: Final = tuple(accumulate((28, 46, 16, 9.5, 0.5)))
_FAILED_SHARE: Final = 0.01
_NOT_FOUND_SHARE: Final = 0.01


class Visit:
    """One visit of one person. It lasts as long as events are requested."""

    def __init__(self, person: Person, rng: random.Random, now_ms: int) -> None:
        self.person = person
        self.session_id = new_uuid7(now_ms)  # Kafka's key
        self._rng = rng
        self._seq = 0
        self._page: dict[str, Any] = {}
        self._browser = person.browser | ({"user_id": person.user_id} if person.user_id else {})

    def next_event(self, now_ms: int) -> dict[str, Any]:
        """The next event of the visitor's browser, sent at that time (epoch ms)."""
        kind = self._rng.choices(_KINDS, cum_weights=_KIND_WEIGHTS)[0] if self._page else "page_view"
        if kind == "page_view":
            fields = self._load(now_ms)
        elif kind == "page_ping":
            fields = {"engaged_ms": 5_000, "scroll_pct": self._rng.randrange(101)}
        elif kind == "error":
            fields = {"error_code": "E1", "error_message": "it broke"}
        else:
            fields = {"element": f"part-{self._rng.randrange(12)}"}
        moment = format_rfc3339_ms(now_ms)
        self._seq += 1
        return {
            "event_id": new_uuid7(now_ms),
            "schema_version": "1.0",
            "event_type": kind,
            "app_id": self.person.app,
            "occurred_at": moment,
            "sent_at": moment,
            "anonymous_id": self.person.anonymous_id,
            "session_id": self.session_id,
            "seq": self._seq - 1,
            **self._browser,
            **self._page,
            **fields,
        }

    def _load(self, now_ms: int) -> dict[str, Any]:
        previous = self._page.get("page_path")
        number = self._rng.choices(range(PAGES), cum_weights=_PAGE_WEIGHTS)[0]
        section = f"section-{number % SECTIONS}"
        self._page = {
            "page_view_id": new_uuid7(now_ms),
            "page_path": f"/{section}/page-{number}",
            "page_section": section,
            "page_type": "list",
            "item_id": f"item-{number}",
        }
        chance = self._rng.random()
        status = 500 if chance < _FAILED_SHARE else 404 if chance < _FAILED_SHARE + _NOT_FOUND_SHARE else 200
        fields = {
            "page_title": f"A page with a title of ordinary length, number {number}",
            "http_status": status,
            "response_ms": round(self._rng.lognormvariate(4, 0.7)),
            "request_id": f"r-{self._rng.getrandbits(64):016x}",
        }
        return fields if previous is None else {**fields, "previous_path": previous}


def visits(settings: Settings, count: int, now_ms: int, seed: int | None = None) -> list[Visit]:
    """Visits of different people, on all sites in turn. seed: None for different visits in each call."""
    rng = random.Random(seed)
    populations = [Population(settings.seed, app, max(settings.population, count)) for app in DEMO_SITES]
    people: dict[str, list[int]] = {
        app: rng.sample(range(p.size), -(-count // len(DEMO_SITES)))
        for app, p in zip(DEMO_SITES, populations, strict=True)
    }
    made = []
    for number in range(count):
        population = populations[number % len(populations)]
        person = population.person(people[population.app].pop())
        made.append(Visit(person, rng, now_ms))
    return made


def stored_records(
    crowd: list[Visit],
    count: int,
    first_ms: int,
    last_ms: int,
    repeats: float,
    seed: int | None = None,
    together: int | None = None,
) -> Iterator[tuple[str, bytes]]:
    """Keys and values of `count` records of `events`, sorted by time, evenly spread from `first_ms` to `last_ms`.

    repeats: the share of records that repeat an earlier record of the same visit, as a retry does
    together: the number of concurrent visits, each for its share of the time; None for all
    """
    together = len(crowd) if together is None else min(together, len(crowd))
    rng = random.Random(seed)
    latest: dict[str, bytes] = {}
    places = {visit.session_id: _place(visit.person) for visit in crowd}
    for number in range(count):
        eldest = (len(crowd) - together) * number // count
        visit = crowd[eldest + rng.randrange(together)]
        key = visit.session_id
        if key in latest and rng.random() < repeats:
            yield key, latest[key]
            continue
        now_ms = first_ms + (last_ms - first_ms) * number // count
        context = Context(visit.person.app, now_ms, "203.0.113.0/24", visit.person.device.user_agent, place=places[key])
        stored = accept(visit.next_event(now_ms), context)
        if not isinstance(stored, dict):
            raise ValueError(f"A made event was refused: {stored}.")
        latest[key] = orjson.dumps(stored)
        yield key, latest[key]


def _place(person: Person) -> Location:
    return Location(person.country.code, "Region", "City", 50.1, 8.7)

"""Repeated visits: a collector would store the same events, and only people who could have made a visit repeat it."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import orjson
import pytest

from footfall.events.geo import Location
from footfall.events.identity import CountedIds, uuid7_ms
from footfall.events.stamp import Context, accept
from footfall.events.times import parse_rfc3339_ms
from footfall.history import day_profile
from footfall.history.day import Day, DayMaker
from footfall.history.site import USER_ID
from footfall.history.visit_library import Library
from footfall.history.visit_traces import Played, Trace
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES
from footfall.sites.visitors import population
from footfall.sites.visitors.population import LIKED, Person
from tests.support.collecting import AGENT

_DAY = date(2026, 11, 24)
_START_MS = day_profile.start_ms(_DAY) + 40_000_000
_COLLECTORS = ("received_at", "event_time", "ip_prefix", "country", "region", "city", "latitude", "longitude")


@pytest.fixture(scope="module", params=DEMO_SITES)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DayMaker, Day]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(population, "GPC_SHARE", 0.2)
        patch.setattr(population, "LOGIN_SHARE", 0.4)
        patch.setattr(population, "_WRONG_CLOCK_SHARE", 0.2)
        # One visit of each kind, so that most of them are repetitions.
        patch.setattr("footfall.history.visit_library._VISITS", 1)
        home = tmp_path_factory.mktemp("home")
        settings = Settings(home=home, install=home / "install", port_offset=0, seed=7, population=2_000)
        maker = DayMaker(settings, request.param, 12_000)
        yield maker, maker.make(_DAY)
        maker.close()


def _repeated_from(day: Day) -> dict[str, list[dict[str, Any]]]:
    """The events of each visit."""
    visits = defaultdict(list)
    for event in day.events:
        visits[event.session_id].append(orjson.loads(event.value))
    return visits


def test_each_event_is_what_a_collector_makes_of_what_was_sent(made: tuple[DayMaker, Day]) -> None:
    _, day = made
    for event in day.events:
        found = orjson.loads(event.value)
        sent = {k: v for k, v in found.items() if k not in (*_COLLECTORS, "is_bot", "bot_reason", "backfill")}
        context = Context(
            day.app,
            event.received_ms,
            address_prefix=found.get("ip_prefix"),
            user_agent="Googlebot" if found["is_bot"] else AGENT,
            gpc=found.get("consent") == "denied",
            place=Location(found.get("country"), found.get("region"), found.get("city")),
            backfill=True,
        )
        taken = accept(sent, context)
        assert isinstance(taken, dict)
        assert orjson.dumps(taken) == event.value


def test_visits_are_repeated_by_others_at_other_times(made: tuple[DayMaker, Day]) -> None:
    _, day = made
    ways = defaultdict(list)
    for session_id, events in _repeated_from(day).items():
        if len(events) > 20 and not events[0]["is_bot"]:
            start_ms = parse_rfc3339_ms(events[0]["event_time"])
            after = tuple(
                (e["event_type"], e.get("page_path"), parse_rfc3339_ms(e["event_time"]) - start_ms)
                for e in events
                if "/order/" not in e.get("page_path", "")
            )
            ways[after].append((session_id, events[0]["anonymous_id"], start_ms))
    repeated = [visits for visits in ways.values() if len(visits) > 1]
    assert repeated
    for visits in repeated:
        assert len({session for session, _, _ in visits}) == len({start for _, _, start in visits}) == len(visits)


def test_no_identity_is_used_twice_and_each_contains_its_time(made: tuple[DayMaker, Day]) -> None:
    _, day = made
    seen: set[str] = set()
    views: dict[str, str] = {}
    for event in day.events:
        found = orjson.loads(event.value)
        assert event.event_id not in seen
        seen.add(event.event_id)
        assert uuid7_ms(event.event_id) == parse_rfc3339_ms(found["occurred_at"])
        if "page_view_id" in found:
            assert views.setdefault(found["page_view_id"], event.session_id) == event.session_id
        assert found.get("user_id") != USER_ID
        if "request_id" in found:
            assert found["request_id"] not in seen
            seen.add(found["request_id"])


def test_a_logged_in_visit_has_the_person_s_own_user(made: tuple[DayMaker, Day]) -> None:
    maker, day = made
    users = {}
    for index in range(2_000):
        person = maker._population.person(index)
        users[person.anonymous_id] = person.user_id
    found = [orjson.loads(event.value) for event in day.events]
    logged_in = {(event["anonymous_id"], event["user_id"]) for event in found if "user_id" in event}
    assert logged_in
    assert all(users[anonymous_id] == user_id for anonymous_id, user_id in logged_in)


def test_what_is_repeated_by_the_same_person_at_the_same_time_is_the_same(made: tuple[DayMaker, Day]) -> None:
    maker, _ = made
    kept: list[tuple[Person, Played, int]] = []

    def play(visit: Any, person: Person, start_ms: int, known: bool, new_id: CountedIds, rng: random.Random) -> Played:
        played = maker._play(visit, person, start_ms, known, new_id, rng)
        kept.append((person, played, start_ms))
        return played

    library = Library(maker._population, maker._behaviour, maker._site.sections(), _START_MS, play)
    for index in range(60):
        before = len(kept)
        trace = library.trace(maker._population.person(index), 0, known=False)
        if len(kept) == before:
            continue  # of a kind that was there already
        person, played, start_ms = kept[-1]
        assert trace.lasts_ms == played.ended_ms - start_ms
        other = trace.repeat(person, "an agent", "an address", start_ms, _the_same(played))
        assert other.events == played.events
        assert other.last_page == played.last_page
        assert other.last_page is not None
        assert [(r._replace(agent="", address=""), f) for r, f in other.requests] == [
            (r._replace(agent="", address=""), f) for r, f in played.requests
        ]
        assert {(r.agent, r.address) for r, _ in other.requests} == {("an agent", "an address")}
    assert len(kept) > 20


def _the_same(played: Played) -> CountedIds:
    """Recreates the source of this visit's identities."""
    first = CountedIds(random.Random(0))
    text = played.requests[0][0].request_id
    first.middle = text[13:24]
    first._first = int(text[24:], 16) - 1 & (1 << 48) - 1
    return first


def test_people_go_by_their_tastes_and_not_the_same_way_twice(made: tuple[DayMaker, Day]) -> None:
    maker, _ = made
    sections = maker._site.sections()
    assert 5 <= len(sections) <= 12
    liking: list[frozenset[str]] = []

    def play(visit: Any, person: Person, start_ms: int, *_: Any) -> Played:
        liking.append(frozenset(section for section in sections if person.taste(section) == LIKED))
        return Played([], [], 0, start_ms, None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("footfall.history.visit_library._VISITS", 1_000)
        library = Library(maker._population, maker._behaviour, sections, _START_MS, play)
        common = next(
            person
            for person in map(maker._population.person, range(2_000))
            if sum(person.taste(section) == LIKED for section in sections) == 1
            and not person.gpc
            and not person.user_id
        )
        traces: list[Trace] = [library.trace(common, number, known=False) for number in range(5)]
        assert len({id(trace) for trace in traces}) == 5
        assert library.trace(common, 0, known=False) is traces[0]
        alike = replace(common, index=common.index, anonymous_id="other")
        assert library.trace(alike, 3, known=False) is traces[3]
        assert library.trace(replace(common, gpc=True), 0, known=False) is not traces[0]
        assert library.trace(replace(common, user_id="u000001"), 0, known=False) is not traces[0]
    assert set(liking) == {frozenset(section for section in sections if common.taste(section) == LIKED)}


def test_an_order_s_number_is_its_request_s(made: tuple[DayMaker, Day]) -> None:
    _, day = made
    requests = [line for kind, _, line in day.lines if kind == "access" and b'"POST /checkout ' in line]
    bought = [e for event in day.events if (e := orjson.loads(event.value))["event_type"] == "purchase"]
    assert bool(bought) == (day.app == "shop")
    for purchase in bought:
        order_id = purchase["page_path"].removeprefix("/order/")
        # Without consent, the page view stands for the order.
        expected = purchase["page_view_id"] if purchase["consent"] == "denied" else order_id
        assert purchase["order_id"] == expected
        assert sum(order_id.encode() in line for line in requests) == 1

"""Each visit of a person ends with an event that says how fast its last page felt, and no other event changes by it."""

from collections import defaultdict
from datetime import date
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import pytest

from footfall.events.geo import Location
from footfall.events.stamp import Context, accept
from footfall.events.validate import check_stored
from footfall.history import day
from footfall.history.day import Day, DayMaker
from footfall.history.event_recorder import EventRecorder
from footfall.metrics.web_vitals import FIELDS, WEB_VITALS
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES, DemoSite
from footfall.sites.visitors import population
from footfall.sites.visitors.population import Person, Population
from footfall.sites.visitors.tracker import View
from tests.support.collecting import AGENT
from tests.support.tastes import ListsOfPeople

_DAY = date(2026, 11, 24)
_PEOPLE = 2_000
# SHA-256 of the other events of small days, as they were made before there were web vitals.
_ORDINARY = {
    "shop": "fd86fd819eaaf822185c20fc493c043b7ca4ae64cf85d73b143397747ce66e2c",
    "news": "91766580cc13f908482ca2dc6ce20c882e2c0633e84028cb905de7ac761f62e0",
    "academy": "115c221c583687088b788977a0b0d6bf7317a956690a625780a51c3518b207c1",
}
# The same of a day of the shop with planted groups, without repeats, on which people see lists.
_WITH_LISTS = "049467479932099b2038d9a5a84e40be8e6fee55535fa8273c95861641dfeb62"

Event = dict[str, Any]


def made(home: Path, app: DemoSite, events: int, lists: bool = False) -> Day:
    """A small day. lists: whether people have planted groups and see lists."""
    settings = Settings(
        home=home, install=home / "install", port_offset=0, seed=7, population=_PEOPLE, planted_groups=lists
    )
    reads = ListsOfPeople(Population(7, app, _PEOPLE, groups=True), "tastes") if lists else None
    maker = DayMaker(settings, app, events, repeats=not lists, lists=reads)
    try:
        return maker.make(_DAY, with_lines=False)
    finally:
        maker.close()


def ordinary(found: Day) -> str:
    """The hash of the events that are no web vitals, in their order."""
    return sha256(b"\n".join(event.value for event in found.events if event.event_type != WEB_VITALS)).hexdigest()


@pytest.mark.parametrize("app", DEMO_SITES)
def test_the_other_events_are_those_of_a_history_without_web_vitals(app: DemoSite, tmp_path: Path) -> None:
    """Whoever repeats days that an older version made adds events to them, and repeats those that are there."""
    found = made(tmp_path, app, 1_500)
    assert ordinary(found) == _ORDINARY[app]
    assert any(event.event_type == WEB_VITALS for event in found.events)


def test_nor_does_another_event_change_where_people_see_lists(tmp_path: Path) -> None:
    found = made(tmp_path, "shop", 6_000, lists=True)
    assert ordinary(found) == _WITH_LISTS
    assert any(event.event_type == WEB_VITALS for event in found.events)


@pytest.fixture(scope="module", params=DEMO_SITES)
def unusual(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Day:
    """A day on which wrong clocks, lost connections and denied consent are frequent."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(population, "_WRONG_CLOCK_SHARE", 0.3)
        patch.setattr(population, "GPC_SHARE", 0.3)
        patch.setattr(day, "_TUNNEL_SHARE", 0.4)
        return made(tmp_path_factory.mktemp("home"), request.param, 12_000)


def visits(found: Day) -> list[list[Event]]:
    """The events of each visit in the order of their `seq`; a visit may have several sessions."""
    by_session: dict[str, list[Event]] = defaultdict(list)
    for event in found.events:
        by_session[event.session_id].append(orjson.loads(event.value))
    return [sorted(events, key=lambda event: int(event["seq"])) for events in by_session.values()]


def test_each_visit_of_a_person_ends_with_one_and_no_crawler_s_does(unusual: Day) -> None:
    sessions = visits(unusual)
    for events in sessions:
        assert [event["seq"] for event in events] == list(range(len(events)))
        felt = [event for event in events if event["event_type"] == WEB_VITALS]
        assert felt == ([] if events[0]["is_bot"] else events[-1:])
    assert {events[0]["is_bot"] for events in sessions} == {True, False}
    assert len({event.event_id for event in unusual.events}) == len(unusual.events)


def test_it_is_about_the_page_of_the_last_event_at_its_time(unusual: Day) -> None:
    own = {"schema_version", "event_id", "event_type", "seq", *FIELDS}
    of_view = {"page_title", "request_id", "http_status", "response_ms", "referrer", "previous_path"}
    compared = 0
    for events in visits(unusual):
        if events[-1]["event_type"] != WEB_VITALS:
            continue
        *others, felt = events
        assert check_stored(felt) is None
        assert felt["schema_version"] == "1.1"
        for name in ("page_view_id", "occurred_at", "event_time", "sent_at", "received_at", "consent"):
            assert felt[name] == others[-1][name]
        view = next(
            e for e in others if e["event_type"] == "page_view" and e.get("page_view_id") == felt["page_view_id"]
        )
        times = {"occurred_at", "event_time", "sent_at", "received_at"}
        # Both have the campaign of their time, which a later page may bring.
        campaign = {name for name in felt | view if name.startswith("utm_")}
        left_out = own | of_view | times | campaign
        assert {k: v for k, v in felt.items() if k not in own | times | campaign} == {
            k: v for k, v in view.items() if k not in left_out
        }
        assert felt["ttfb_ms"] >= view["response_ms"]
        compared += 1
    assert compared > 50


def test_its_bytes_are_what_a_collector_makes_of_what_was_sent(unusual: Day) -> None:
    late = denied = wrong = 0
    for event in unusual.events:
        if event.event_type != WEB_VITALS:
            continue
        found = orjson.loads(event.value)
        collectors = ("received_at", "event_time", "ip_prefix", "country", "is_bot", "backfill")
        context = Context(
            unusual.app,
            event.received_ms,
            address_prefix=found.get("ip_prefix"),
            user_agent=AGENT,
            gpc=found.get("consent") == "denied",
            place=Location(found.get("country")),
            backfill=True,
        )
        taken = accept({name: value for name, value in found.items() if name not in collectors}, context)
        assert orjson.dumps(taken) == event.value
        late += found["event_time"] != found["received_at"]
        denied += found["consent"] == "denied"
        wrong += found["sent_at"][:13] != found["received_at"][:13]
    assert min(late, denied, wrong) > 0


def test_devices_differ_and_some_pages_are_touched(unusual: Day) -> None:
    felt = [orjson.loads(event.value) for event in unusual.events if event.event_type == WEB_VITALS]
    shown = defaultdict(list)
    for event in felt:
        shown[event["device_type"]].append(event["lcp_ms"])
    assert set(shown) == {"desktop", "tablet", "mobile"}
    assert 1.3 * median(shown["desktop"]) < median(shown["mobile"]) < 2_500
    assert 0.3 < sum("inp_ms" in event for event in felt) / len(felt) < 0.7
    views = sum(event.event_type == "page_view" for event in unusual.events)
    assert 0.1 < len(felt) / views < 0.25


def test_events_that_arrive_in_one_millisecond_keep_their_order(unusual: Day) -> None:
    for _, events in groupby(unusual.events, key=lambda event: (event.received_ms, event.session_id)):
        numbers = [event.seq for event in events]
        assert numbers == sorted(numbers)


def test_the_last_page_is_that_of_the_last_event() -> None:
    person: Person = Population(7, "shop", 100).person(3)
    recorder = EventRecorder(person, lambda ms: f"id-{ms}")
    assert recorder.last_page is None
    first = View({"page_view_id": "1", "page_path": "/a"}, response_ms=20)
    second = View({"page_view_id": "2", "page_path": "/b"}, response_ms=40, waiting_ms=7_000)
    recorder.record("page_view", 0, first, {"page_title": "A"})
    recorder.record("page_view", 10, second, {"page_title": "B"})
    assert recorder.last_page == (',"page_view_id":"2","page_path":"/b"', 40, False)
    first.touched = True
    recorder.record("click", 20, first, {"element": "a"})
    assert recorder.last_page == (',"page_view_id":"1","page_path":"/a"', 20, True)
    recorder.ping(30, second)
    assert recorder.last_page == (',"page_view_id":"2","page_path":"/b"', 40, False)

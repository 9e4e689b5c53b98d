"""Days of people with planted groups: tastes show in items that are seen together, habits in visits."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import combinations
from pathlib import Path
from random import Random
from statistics import mean
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from footfall.events.validate import check_stored
from footfall.history.day import Day, DayMaker
from footfall.settings import Settings
from footfall.sites.content import goods
from footfall.sites.visitors.groups import BY_NAME, GROUPS, Group, theme_of
from footfall.sites.visitors.population import Population

_PEOPLE = 300
_DAYS = tuple(date(2026, 11, day) for day in (23, 24, 25))
_EVENTS = 16_000


@dataclass
class Lived:
    """Some days of the shop. people: the group by anonymous_id. seen: the products that each person looked at."""

    days: list[Day]
    people: dict[str, Group]
    events: list[dict[str, Any]]
    seen: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def visits(self) -> Iterator[tuple[Group, list[dict[str, Any]]]]:
        """The events of each visit of a person with a group."""
        by_session = defaultdict(list)
        for event in self.events:
            if event["anonymous_id"] in self.people:
                by_session[event["session_id"]].append(event)
        for events in by_session.values():
            yield self.people[events[0]["anonymous_id"]], events


def _settings(home: Path, strength: float = 1.0, groups: bool = True) -> Settings:
    return Settings(
        home=home,
        install=home / "install",
        port_offset=0,
        seed=7,
        population=_PEOPLE,
        taste_strength=strength,
        planted_groups=groups,
    )


def _live(home: Path, strength: float) -> Lived:
    maker = DayMaker(_settings(home, strength), "shop", _EVENTS, repeats=False)
    try:
        days = [maker.make(day, with_lines=False) for day in _DAYS]
    finally:
        maker.close()
    people = Population(7, "shop", _PEOPLE, groups=True)
    found = Lived(
        days,
        {p.anonymous_id: p.group for p in map(people.person, range(_PEOPLE)) if p.group is not None and not p.gpc},
        [orjson.loads(event.value) for day in days for event in day.events],
    )
    for event in found.events:
        if event["event_type"] == "page_view" and event.get("item_type") == "product" and not event["is_bot"]:
            found.seen[event["anonymous_id"]].add(event["item_id"])
    return found


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    return _live(tmp_path_factory.mktemp("home"), 1.0)


@pytest.fixture(scope="module")
def indifferent(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    return _live(tmp_path_factory.mktemp("home"), 0.0)


def _likers(item: str) -> frozenset[str]:
    """The groups whose tastes contain a product: they like its section and its theme."""
    section, theme = goods.products()[item].category.slug, theme_of(f"/product/{item}")
    return frozenset(one.name for one in GROUPS if section in one.sections and theme in one.themes)


def _together(lived: Lived) -> tuple[float, float, float]:
    """How often two products that some group likes are seen by one person.

    Only products of different sections count, as the pages of a section show its products together. Returns the share
    of pairs whose products are liked by the same group: expected if items were seen independently of each other; then
    the lower and upper bounds of the observed share, from 300 bootstrap samples of the people (99 %).
    """
    likers = {item: likers for item in goods.products() if (likers := _likers(item))}
    sections = {item: goods.products()[item].category.slug for item in likers}
    pairs: list[tuple[int, int]] = []
    often: Counter[str] = Counter()
    for items in lived.seen.values():
        planted = [item for item in items if item in likers]
        often.update(planted)
        of_person = [bool(likers[a] & likers[b]) for a, b in combinations(planted, 2) if sections[a] != sections[b]]
        pairs.append((sum(of_person), len(of_person)))
    expected = Counter[bool]()
    for a, b in combinations(often, 2):
        if sections[a] != sections[b]:
            expected[bool(likers[a] & likers[b])] += often[a] * often[b]
    rng, shares = Random(1), []
    for _ in range(300):
        drawn = rng.choices(pairs, k=len(pairs))
        shares.append(sum(within for within, _ in drawn) / sum(count for _, count in drawn))
    shares.sort()
    return expected[True] / expected.total(), shares[1], shares[-2]


def test_items_of_one_taste_are_seen_together_significantly_more_often(lived: Lived) -> None:
    expected, low, _ = _together(lived)
    assert low > 1.5 * expected


def test_without_tastes_they_are_not(indifferent: Lived) -> None:
    expected, low, high = _together(indifferent)
    assert low < expected < high


def test_groups_differ_in_depth_hours_sections_and_buying(lived: Lived) -> None:
    pages, hours, sections, bought = (defaultdict(list) for _ in range(4))
    for one, events in lived.visits():
        views = [event for event in events if event["event_type"] == "page_view"]
        begun = datetime.fromisoformat(events[0]["event_time"].replace("Z", "+00:00"))
        pages[one.name].append(len(views))
        hours[one.name].append(begun.astimezone(ZoneInfo(events[0]["timezone"])).hour in one.hours)
        sections[one.name] += [view["page_section"] in one.sections for view in views if view["page_type"] == "product"]
        bought[one.name].append(any(event["event_type"] == "purchase" for event in events))
    assert pages.keys() == BY_NAME.keys()
    depths = [mean(pages[one.name]) for one in sorted(GROUPS, key=lambda one: -one.habits.leaving)]
    assert depths == sorted(depths)
    assert depths[-1] > 3 * depths[0]
    for one in GROUPS:
        assert mean(hours[one.name]) > 0.6
        own = len(one.sections & {category.slug for category in goods.categories()}) / len(goods.categories())
        assert mean(sections[one.name]) > 2 * own
    eager, reluctant = (
        [found for one in GROUPS if (one.habits.converting > 1) == wanted for found in bought[one.name]]
        for wanted in (True, False)
    )
    assert mean(eager) > 3 * mean(reluctant)


def test_without_tastes_groups_do_not_differ(indifferent: Lived) -> None:
    pages = defaultdict(list)
    for one, events in indifferent.visits():
        pages[one.name].append(sum(event["event_type"] == "page_view" for event in events))
    depths = [mean(of_group) for of_group in pages.values()]
    assert max(depths) < 1.8 * min(depths)


def test_people_are_the_same_on_all_days(lived: Lived) -> None:
    """A person who comes on two days likes the same sections on both."""
    by_day: list[dict[str, Counter[str]]] = []
    for day in lived.days:
        liked: dict[str, Counter[str]] = defaultdict(Counter)
        for event in map(orjson.loads, (event.value for event in day.events)):
            if event["event_type"] == "page_view" and event.get("item_type") == "product" and not event["is_bot"]:
                liked[event["anonymous_id"]][event["page_section"]] += 1
        by_day.append(liked)
    again = [person for person in by_day[0] if person in by_day[1] and person in lived.people]
    assert len(again) > 15
    assert {event["anonymous_id"] for event in lived.events if not event["is_bot"]} >= set(again)
    for day in by_day[:2]:
        own = [sum(day[p][section] for section in lived.people[p].sections) / day[p].total() for p in again]
        assert mean(own) > 0.5


def test_each_event_is_valid_and_names_no_group(lived: Lived) -> None:
    names = [one.name.encode() for one in GROUPS]
    for event in lived.events:
        assert check_stored(event) is None
    assert not [event for day in lived.days for event in day.events if any(name in event.value for name in names)]
    seqs = defaultdict(set)
    for event in lived.events:
        seqs[event["session_id"]].add(event["seq"])
    assert all(of_visit == set(range(len(of_visit))) for of_visit in seqs.values())
    assert len({(event["session_id"], event["event_id"]) for event in lived.events}) == len(lived.events)


def _ways(day: Day) -> Counter[tuple[Any, ...]]:
    """Each longer visit of a person as its pages and the times between its events."""
    visits: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for event in day.events:
        found = orjson.loads(event.value)
        if not found["is_bot"]:
            path = "" if "/order/" in found.get("page_path", "") else found.get("page_path", "")
            visits[event.session_id].append((event.at_ms, event.event_type, path))
    return Counter(
        tuple((at_ms - events[0][0], kind, path) for at_ms, kind, path in events)
        for events in visits.values()
        if len(events) > 20
    )


def test_every_visit_differs_without_repeats(lived: Lived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ways = _ways(lived.days[0])
    assert len(ways) > 40
    assert set(ways.values()) == {1}
    monkeypatch.setattr("footfall.history.visit_library._VISITS", 1)
    maker = DayMaker(_settings(tmp_path), "shop", _EVENTS)
    try:
        assert max(_ways(maker.make(_DAYS[0], with_lines=False)).values()) > 1
    finally:
        maker.close()


def test_a_day_is_the_same_by_itself_and_other_modes_share_no_identity(lived: Lived, tmp_path: Path) -> None:
    made = {}
    for name, strength, groups, repeats in (
        ("again", 1.0, True, False),
        ("repeats", 1.0, True, True),
        ("ungrouped", 1.0, False, False),
        ("indifferent", 0.0, True, False),
        ("indifferent and ungrouped", 0.0, False, False),
        ("ordinary", 1.0, False, True),
    ):
        maker = DayMaker(_settings(tmp_path, strength, groups), "shop", 1_500, repeats)
        try:
            made[name] = maker.make(_DAYS[1])
            if name == "again":
                maker.make(_DAYS[0])
                assert maker.make(_DAYS[1]) == made[name]
        finally:
            maker.close()
    # Without tastes there are no groups.
    assert made.pop("indifferent and ungrouped") == made["indifferent"]
    ids = [{event.event_id for event in day.events} for day in made.values()]
    assert sum(map(len, ids)) == len(set().union(*ids))

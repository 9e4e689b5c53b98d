"""Days on which people see lists: who is asked for what, what they follow, and what an experiment finds."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from footfall.events.validate import check_stored
from footfall.history.day import Day, DayMaker
from footfall.metrics.experiments import effect
from footfall.recommendations import offer
from footfall.recommendations.arms import arm_of
from footfall.recommendations.reads import Reads
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES, DemoSite
from footfall.sites.visitors.population import Population
from tests.support.tastes import ListsOfPeople, sums_by_arm

_DAY = date(2026, 11, 24)
_PEOPLE = 1_500

Lived = Callable[..., list[dict[str, Any]]]


def settings(home: Path, people: int = _PEOPLE) -> Settings:
    return Settings(home=home, install=home / "install", port_offset=0, seed=7, population=people, planted_groups=True)


def people(app: str, size: int = _PEOPLE) -> Population:
    return Population(7, app, size, groups=True)


def a_day(home: Path, app: DemoSite, lists: Reads | None, events: int = 6_000, with_lines: bool = False) -> Day:
    maker = DayMaker(settings(home), app, events, repeats=False, lists=lists)
    try:
        return maker.make(_DAY, with_lines)
    finally:
        maker.close()


def read(day: Day) -> list[dict[str, Any]]:
    return [orjson.loads(event.value) for event in day.events]


@pytest.mark.parametrize("app", DEMO_SITES)
def test_people_see_lists_in_their_arm_and_those_without_consent_in_none(tmp_path: Path, app: DemoSite) -> None:
    events = read(a_day(tmp_path, app, ListsOfPeople(people(app), "tastes"), events=15_000))
    of_list = [event for event in events if event.get("list_id") == "for-you"]
    assert {event["event_type"] for event in of_list} == {"impression", "click"}
    for event in of_list:
        expected = None if event["consent"] == "denied" else arm_of(event["anonymous_id"])
        assert event.get("variant") == expected
        assert check_stored(event) is None
    assert {event.get("variant") for event in of_list} == {"recommended", "popular", None}


def test_without_lists_nothing_of_them_is_in_a_day(tmp_path: Path) -> None:
    day = a_day(tmp_path, "shop", None, with_lines=True)
    assert b"for-you" not in b"".join(event.value for event in day.events)
    assert b"for-you" not in b"".join(line for _, _, line in day.lines)


def test_the_site_logs_what_it_was_asked_for(tmp_path: Path) -> None:
    day = a_day(tmp_path, "shop", ListsOfPeople(people("shop"), "tastes"), with_lines=True)
    lines = [line for kind, _, line in day.lines if kind == "access" and b"/for-you" in line]
    views = [event for event in read(day) if event["event_type"] == "page_view"]
    with_list = [event for event in views if event["page_type"] in ("home", "product") and event["http_status"] == 200]
    assert len(lines) == len(with_list) > 100
    assert all(b'"POST /for-you HTTP/1.1" 200 ' in line for line in lines)
    ids = {event["anonymous_id"].encode() for event in views}
    assert not any(one in line for line in lines for one in ids), "no id is logged"


def test_nobody_acts_by_the_arm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody in the one arm or everybody in the other, with the same list: the same visits to the last click."""

    def lived(arm: str) -> list[bytes]:
        monkeypatch.setattr(offer, "arm_of", lambda _: arm)
        day = a_day(tmp_path, "shop", ListsOfPeople(people("shop"), "same"), events=3_000)
        return [event.value.replace(f'"variant":"{arm}"'.encode(), b'"variant":""') for event in day.events]

    recommended = lived("recommended")
    assert b'"variant":""' in b"".join(recommended)
    assert recommended == lived("popular")


def test_both_arms_with_the_same_list_show_no_effect_and_tastes_show_one(tmp_path: Path) -> None:
    found = {}
    for content in ("same", "tastes"):
        lists = ListsOfPeople(people("shop"), content)  # type: ignore[arg-type]
        sums = sums_by_arm(read(a_day(tmp_path, "shop", lists, events=60_000)))
        assert min(arm.total() for arm in sums.values()) > 100
        found[content] = effect(sums["recommended"], sums["popular"])
    none, some = found["same"], found["tastes"]
    assert none is not None
    assert some is not None
    assert none.p_value > 0.05, none
    assert some.low is not None
    assert some.low > 0, some

"""A generated day equals what collectors and sites would have stored of its visits: events and log lines.

It is the same for one seed, whenever and in whatever order days are generated.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from footfall.events.identity import uuid7_ms
from footfall.events.times import parse_rfc3339_ms
from footfall.events.validate import check_stored
from footfall.history import day_profile
from footfall.history.day import Day, DayMaker
from footfall.logs.line_parser import parse
from footfall.metrics.web_vitals import WEB_VITALS
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES
from footfall.sites.visitors.behaviour import Source

_DAY = date(2026, 11, 24)
_EVENTS = 1_500


def _settings(home: Path, seed: int = 7) -> Settings:
    # A module's fixture is created before the caller's environment is cleared, so no setting is taken from it.
    return Settings(home=home, install=home / "install", port_offset=0, seed=seed, population=2_000)


@pytest.fixture(scope="module", params=DEMO_SITES)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DayMaker, Day]]:
    maker = DayMaker(_settings(tmp_path_factory.mktemp("home")), request.param, _EVENTS)
    yield maker, maker.make(_DAY)
    maker.close()


def _events(day: Day) -> list[dict[str, Any]]:
    return [orjson.loads(event.value) for event in day.events]


def test_a_day_has_as_many_events_as_its_site_should(made: tuple[DayMaker, Day]) -> None:
    _, day = made
    wanted = day_profile.events_wanted(7, day.app, _DAY, _EVENTS)
    # Web vitals come on top of what is wanted.
    per_session = Counter(event.session_id for event in day.events if event.event_type != WEB_VITALS)
    # The last visits are made to their end.
    assert wanted <= per_session.total() <= wanted + 2 * max(per_session.values())


def test_each_event_is_as_a_collector_stores_it_and_says_that_it_was_made(made: tuple[DayMaker, Day]) -> None:
    _, day = made
    for event in _events(day):
        assert check_stored(event) is None
        assert event["backfill"] is True
        assert event["app_id"] == day.app
        assert event["received_at"][:10] == event["event_time"][:10] == "2026-11-24"
        assert event.get("consent") == "denied" or event["ip_prefix"].endswith(("/24", "/48"))
        assert abs(uuid7_ms(event["event_id"]) - parse_rfc3339_ms(event["event_time"])) < 48 * 3_600_000


def test_events_stand_in_the_order_in_which_they_came_and_none_is_there_twice(made: tuple[DayMaker, Day]) -> None:
    _, day = made
    events = _events(day)
    received = [event["received_at"] for event in events]
    assert received == sorted(received)
    assert len({(event["session_id"], event["event_id"]) for event in events}) == len(events)
    seqs = defaultdict(set)
    for made_event, event in zip(day.events, events, strict=True):
        assert (made_event.event_id, made_event.session_id) == (event["event_id"], event["session_id"])
        seqs[event["session_id"]].add(event["seq"])
    assert all(of_visit == set(range(len(of_visit))) for of_visit in seqs.values())


def test_people_crawlers_and_those_who_denied_consent_are_as_live(made: tuple[DayMaker, Day]) -> None:
    _, day = made
    events = _events(day)
    bots = [event for event in events if event["is_bot"]]
    assert bots
    assert {event["bot_reason"] for event in bots} == {"agent"}
    denied = [event for event in events if event.get("consent") == "denied"]
    assert denied or day.app != "shop"  # one person in twenty: the other sites' few visits have none under this seed
    assert all(event["anonymous_id"] == event["session_id"] and "user_id" not in event for event in denied)
    assert {"page_view", "page_ping", "click", "session_start", "impression"} <= {e["event_type"] for e in events}


def test_every_page_view_has_its_request_in_the_logs(made: tuple[DayMaker, Day]) -> None:
    _, day = made
    lines: dict[str, list[Any]] = defaultdict(list)
    for kind, at_ms, raw in day.lines:
        line = parse(kind, raw.removesuffix(b"\n"))
        assert line is not None
        assert line.logged_at.startswith("2026-11-24T")
        assert parse_rfc3339_ms(line.logged_at) == at_ms
        lines[kind].append(line)
    requests = {line.request_id: line for line in lines["access"]}
    assert len(requests) == len(lines["access"]) == len(lines["performance"])
    views = [event for event in _events(day) if event["event_type"] == "page_view"]
    assert views
    for view in views:
        line = requests[view["request_id"]]
        assert (line.status, line.page_path) == (view["http_status"], view["page_path"])
        assert line.duration_us <= view["response_ms"] * 1000
    failed = {line.request_id for line in lines["access"] if line.status == 500}
    assert {line.request_id for line in lines["error"]} == failed


def test_a_day_is_the_same_by_itself_and_after_others(made: tuple[DayMaker, Day], tmp_path: Path) -> None:
    _, day = made
    other = DayMaker(_settings(tmp_path), day.app, _EVENTS)
    try:
        other.make(date(2026, 11, 23))
        assert other.make(_DAY) == day
    finally:
        other.close()


def test_another_seed_makes_other_people(made: tuple[DayMaker, Day], tmp_path: Path) -> None:
    _, day = made
    other = DayMaker(_settings(tmp_path, seed=8), day.app, _EVENTS)
    try:
        ids = {event.event_id for event in other.make(_DAY, with_lines=False).events}
    finally:
        other.close()
    assert ids.isdisjoint(event.event_id for event in day.events)


def test_some_come_back_on_another_day(made: tuple[DayMaker, Day]) -> None:
    maker, day = made
    first = {event["anonymous_id"] for event in _events(day) if not event["is_bot"]}
    later = {event["anonymous_id"] for event in _events(maker.make(date(2026, 11, 25), with_lines=False))}
    assert first & later
    assert later - first


@pytest.mark.parametrize("kind", ["errors", "slow"])
def test_an_incident_is_seen_while_it_lasts(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Half a day of it, so that a small day shows it.
    trouble = day_profile.Trouble(
        "shop", kind, day_profile.start_ms(_DAY), day_profile.start_ms(_DAY) + 43_200_000, 0.4
    )
    monkeypatch.setattr(day_profile, "trouble", lambda seed, app, day: trouble)
    maker = DayMaker(_settings(tmp_path), "shop", 2_000)
    try:
        made = maker.make(_DAY)
    finally:
        maker.close()
    views = [event for event in _events(made) if event["event_type"] == "page_view"]

    def bad(view: dict[str, Any]) -> bool:
        return bool(view["http_status"] == 500 if kind == "errors" else view["response_ms"] > 1200)

    within = [bad(v) for v in views if trouble.start_ms <= parse_rfc3339_ms(v["event_time"]) < trouble.end_ms]
    outside = [bad(v) for v in views if not trouble.start_ms <= parse_rfc3339_ms(v["event_time"]) < trouble.end_ms]
    assert sum(within) / len(within) > 0.15 > 5 * sum(outside) / len(outside)
    if kind == "errors":
        codes = Counter(orjson.loads(line)["code"] for which, _, line in made.lines if which == "error")
        assert codes["ContentUnavailable"] >= sum(within)


def test_a_campaign_is_seen_in_the_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(weight=1, utm={"source": "partner", "medium": "referral", "campaign": "only-here"})
    monkeypatch.setattr(day_profile, "campaign", lambda *_: day_profile.Campaign("shop", _DAY, 3, source, 0.3))
    maker = DayMaker(_settings(tmp_path), "shop", 2_500)
    try:
        events = _events(maker.make(_DAY, with_lines=False))
    finally:
        maker.close()
    visits = {event["session_id"]: event.get("utm_campaign") for event in events if not event["is_bot"]}
    by_campaign = [session for session, name in visits.items() if name == "only-here"]
    assert 0.1 < len(by_campaign) / len(visits) < 0.5
    assert {e.get("utm_source") for e in events if e["session_id"] in by_campaign} <= {None, "partner"}

"""Recorded events equal those that a collector would store for the same visitor, byte for byte, for whole days."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from footfall.events.identity import CountedIds
from footfall.events.rejects import Reject
from footfall.events.stamp import Context, accept
from footfall.events.times import format_rfc3339_ms, parse_rfc3339_ms
from footfall.history import day, day_profile
from footfall.history.day import Day, DayMaker
from footfall.history.event_recorder import EventRecorder, StoredEvent, Unacceptable, stored
from footfall.history.visit_library import Library
from footfall.metrics.web_vitals import WEB_VITALS
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES, DemoSite
from footfall.sites.visitors import population
from footfall.sites.visitors.behaviour import Source
from footfall.sites.visitors.pending import Parcel
from footfall.sites.visitors.population import Person, Population
from footfall.sites.visitors.reporter import Reporter
from footfall.sites.visitors.tracker import Tracker, View, page_fields

_DAY = date(2026, 11, 24)


class _Surroundings:
    def now_ms(self) -> int:
        return 0

    def share(self, kind: str) -> float:
        return 0.0

    def count(self, what: str) -> None:
        pass


class _Collected(Reporter):
    """Replaces the recorder: sends events as live visitors do; `events` holds them as sent."""

    last_page = None

    def __init__(self, person: Person, new_id: Callable[[int], str]) -> None:
        self.events: list[Parcel] = []
        super().__init__(person, new_id, _Surroundings(), {}, self._Outgoing(self.events))

    class _Outgoing:
        def __init__(self, parcels: list[Parcel]) -> None:
            self._parcels = parcels

        def send(self, parcels: Sequence[Parcel]) -> None:
            self._parcels += parcels


def _accepted(
    events: list[Parcel], person: Person, context: Context, round_trip_ms: int, late_from: int, back_ms: int
) -> list[StoredEvent]:
    """Replaces `stored`: returns what a collector makes of each event."""
    made = []
    for index, parcel in enumerate(events):
        happened_ms = parse_rfc3339_ms(parcel.event["occurred_at"]) - person.clock_offset_ms
        at_ms = back_ms if index >= late_from else happened_ms
        event = {**parcel.event, "sent_at": format_rfc3339_ms(at_ms + person.clock_offset_ms)}
        taken = accept(event, replace(context, received_at_ms=at_ms + round_trip_ms))
        assert not isinstance(taken, Reject)
        ids = taken["seq"], taken["event_type"], taken["event_id"], taken["session_id"]
        made.append(StoredEvent(at_ms + round_trip_ms, at_ms, *ids, orjson.dumps(taken)))
    return made


@pytest.fixture
def unusual(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes rare cases frequent: wrong clocks, lost connections, denied consent, a campaign, an incident."""
    monkeypatch.setattr(population, "_WRONG_CLOCK_SHARE", 0.3)
    monkeypatch.setattr(population, "GPC_SHARE", 0.3)
    monkeypatch.setattr(day, "_TUNNEL_SHARE", 0.4)
    source = Source(weight=1, utm={"term": "tent", "source": "partner", "campaign": "only-here"})
    monkeypatch.setattr(day_profile, "campaign", lambda seed, app, day: day_profile.Campaign(app, _DAY, 3, source, 0.3))
    start_ms = day_profile.start_ms(_DAY)
    monkeypatch.setattr(
        day_profile,
        "trouble",
        lambda seed, app, day: day_profile.Trouble(app, "errors", start_ms, start_ms + 43_200_000, 0.2),
    )


def _made(app: DemoSite, home: Path, events: int) -> Day:
    maker = DayMaker(
        Settings(home=home, install=home / "install", port_offset=0, seed=7, population=2_000), app, events
    )
    try:
        return maker.make(_DAY)
    finally:
        maker.close()


@pytest.mark.usefixtures("unusual")
@pytest.mark.parametrize("app", DEMO_SITES)
def test_a_day_is_what_a_collector_would_store(app: DemoSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Library, "trace", lambda *_: None)  # each visit is played
    written = _made(app, tmp_path, 5_000)
    monkeypatch.setattr(day, "EventRecorder", _Collected)
    monkeypatch.setattr(day, "stored", _accepted)
    accepted = _made(app, tmp_path, 5_000)
    assert written.lines == accepted.lines
    # Web vitals are added to a visit when it is over, so no visitor sends them; `test_web_vitals` compares their bytes.
    ordinary = [made for made in written.events if made.event_type != WEB_VITALS]
    assert len(ordinary) == len(accepted.events) > 1_000
    for one, other in zip(ordinary, accepted.events, strict=True):
        assert one == other
    events: list[dict[str, Any]] = [orjson.loads(made.value) for made in written.events]
    late = [made for made, e in zip(written.events, events, strict=True) if e["event_time"] != e["received_at"]]
    assert late
    assert {e["consent"] for e in events} == {"denied", "unknown"}
    assert {True, False} == {e["is_bot"] for e in events}
    assert any(e.get("utm_campaign") == "only-here" for e in events)
    assert any(e.get("http_status") == 500 for e in events)
    assert any(abs(parse_rfc3339_ms(e["occurred_at"]) - parse_rfc3339_ms(e["event_time"])) > 3_600_000 for e in events)


def test_a_browser_that_was_idle_begins_another_visit() -> None:
    person = Population(7, "shop", 100).person(3)
    texts = {"page_title": 'A "title"\\ with ünusual\u00a0letters', "referrer": None, "element": ""}
    at_ms = day_profile.start_ms(_DAY)
    page = {"page_type": "home", "page_section": "home"}
    context = Context("shop", 0, user_agent="x", backfill=True)

    def visit(tracker: Tracker) -> None:
        view = View(page_fields(page, "v", "/", None), {"utm_source": "x"}, "https://example.org/", waiting_ms=7_000.0)
        tracker.record("page_view", at_ms, view, texts)
        tracker.ping(at_ms + 5_000, view)
        tracker.ping(at_ms + 5_000, view)
        tracker.ping(at_ms + 5_000, view)
        tracker.record("click", at_ms + 31 * 60_000, view, {"element": "a"})
        tracker.send()

    recorder = EventRecorder(person, CountedIds(random.Random(7)))
    visit(recorder)
    made = stored(recorder.events, person, context, 40, 100, 0)
    sent = _Collected(person, CountedIds(random.Random(7)))
    visit(sent)
    assert made == _accepted(sent.events, person, context, 40, 100, 0)
    assert [(e.event_type, e.seq) for e in made] == [
        ("session_start", 0), ("page_view", 1), ("page_ping", 2), ("page_ping", 3), ("session_start", 0), ("click", 1)
    ]  # fmt: skip
    assert len({e.session_id for e in made}) == 2


@pytest.mark.parametrize(("field", "value"), [("page_path", "no path"), ("page_section", "x" * 5_000)])
def test_what_a_collector_would_refuse_is_not_made(field: str, value: str) -> None:
    person = Population(7, "shop", 100).person(3)
    recorder = EventRecorder(person, CountedIds(random.Random(7)))
    fields = page_fields({"page_type": "home", "page_section": "home"}, "v", "/", None) | {field: value}
    recorder.record("page_view", day_profile.start_ms(_DAY), View(fields), {"page_title": "A"})
    with pytest.raises(Unacceptable, match=f"The field {field} must be"):
        stored(recorder.events, person, Context("shop", 0, backfill=True), 40, 100, 0)

"""The same walk over the real pages twice: what a simulated visitor sends, and what tracker.js makes of those pages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from footfall.recommendations.arms import arm_of
from footfall.sites import for_you
from footfall.sites.rate_limit import FloodGate
from footfall.sites.visitors.actions import Close, Dwell, Link, Open, Page, Submit
from footfall.sites.visitors.behaviour import Source
from footfall.sites.visitors.locations import COUNTRIES
from footfall.sites.visitors.markup import parse
from footfall.sites.visitors.population import Person
from footfall.sites.visitors.transport import Profile
from footfall.sites.visitors.visit import Visit
from tests.support.lists import StoredLists
from tests.support.tracker import track
from tests.unit.sites.visitors.real_site import RealSite, real_site

GOOGLE = Source(weight=1, referrer="https://www.google.com/search?q=x", utm={"source": "google", "term": "tent"})
BERLIN = next(country for country in COUNTRIES if country.timezone == "Europe/Berlin")
LOGIN: tuple[Any, ...] = (
    ("open", "/login"),
    ("send", "log_in", {"email": "u000123@example.com"}),
    ("send", "log_out", {}),
)
ADDRESS = {"email": "a@b.example", "name": "A", "street": "B 1", "city": "C"}
STEPS: dict[str, tuple[Any, ...]] = {
    "shop": (
        ("click", "tile"), ("click", "product-card"), ("reload",), ("send", "add_to_cart", {"quantity": "2"}),
        ("click", "to-checkout"), ("send", "place_order", ADDRESS), ("reload",), ("send", "find", {"q": "lamp"}),
        ("send", "find", {"q": "lmap"}), ("click", "guess"), ("open", "/gone"), ("click", "error-home"),
        ("open", "/product/yarrow-salt-mill"), ("reload",), *LOGIN, ("click", "nav-cart"), ("click", "shop-on"),
        ("click", "hero"), ("click", "sort-price"),
    ),
    "news": (
        ("reload",), ("click", "headline"), ("click", "kicker"), ("click", "headline"),
        ("send", "subscribe", {"email": "a@b.example"}), ("click", "nav-newsletter"),
        ("send", "find", {"q": "climate"}), ("send", "find", {"q": "xyzzy"}),
        ("open", "/article/new-telescope-above-westfold-sees-its-first-light"),
        ("open", "/section/gone"), *LOGIN, ("click", "row-section"), ("click", "brand"),
    ),
    "academy": (
        ("click", "course-card"), ("click", "start-course"), ("click", "next-lesson"), ("click", "lesson-link"),
        ("click", "aside-quiz"), ("send", "answer", {f"q{n}": "1" for n in range(5)}), ("click", "quiz-lesson"),
        ("send", "find", {"q": "history"}), ("click", "course-card"), ("open", "/course/gone"), *LOGIN,
        ("click", "nav-catalogue"), ("click", "subject"),
    ),
}  # fmt: skip


@dataclass
class Walk:
    """A visit by given steps; `gestures` holds what was done on each page, as `tracker_run.mjs` reads it."""

    steps: Sequence[Any]
    gestures: list[list[Any]] = field(default_factory=list)

    def visit(self, site: RealSite) -> Visit:
        page = yield Open(0, "/" + GOOGLE.query, source=GOOGLE)
        for number, step in enumerate(self.steps):
            html = site.pages()[-1].html
            seconds, scroll = (0.3, 6.0, 12.75)[number % 3], (40, 100)[number % 2]
            in_sight = [name for name, position in parse(html, "/").lists.items() if position <= scroll]
            later = parse(html, "/").later
            if later is not None and later.position <= scroll:
                in_sight.append("for-you")
            here: list[Any] = [["look", round(seconds * 1000), scroll, in_sight]]
            self.gestures.append(here)
            yield Dwell(0, seconds, 1.0, scroll)
            assert page is not None
            page = yield self._action(page, html, step, here)
        self.gestures.append([])
        yield Close(0)

    def _action(self, page: Page, html: str, step: Any, here: list[Any]) -> Open | Submit:
        if step[0] == "click":
            element = f'data-footfall-element="{step[1]}"'
            assert element in html
            link = next(
                link for link in parse(html, "/").links if link.attributes.get("data-footfall-element") == step[1]
            )
            here.append(["click", "a", dict(link.attributes)])
            return Open(0, link.path, link=Link(link.path, link.attributes))
        if step[0] == "follow":
            link = next(link for links in page.links.values() for link in links if link.ranked_in == step[1])
            here.append(["click", "a", dict(link.attributes)])
            return Open(0, link.path, link=link)
        if step[0] == "send":
            form = page.forms[step[1]]
            values = {**form.values, **step[2]}
            here.append(["submit", "form", dict(form.attributes), values])
            return Submit(0, form, values)
        return Open(0, page.path, reload=True) if step[0] == "reload" else Open(0, step[1])


class Loaded(HTMLParser):
    """Metas, title and lists of a page, read by another parser than the visitors' own."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.metas: dict[str, str] = {}
        self.lists: list[str] = []
        self.title = ""
        self._in_title = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self._in_title = tag == "title" and not self.title
        if tag == "meta" and "name" in attributes:
            self.metas[attributes["name"]] = attributes.get("content", "")
        if "data-footfall-list" in attributes:
            self.lists.append(attributes["data-footfall-list"])

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data


def by_the_tracker(site: RealSite, walk: Walk, person: Person) -> list[dict[str, Any]]:
    """What tracker.js queues on the pages that the walk has loaded."""
    loaded = [asked for asked in site.pages() if not 300 <= asked.status < 400]
    assert len(loaded) == len(walk.gestures)
    reloads = [False, *(step[0] == "reload" for step in walk.steps)]
    pages = []
    later = site.lists()
    numbers = [number for number, asked in enumerate(site.pages()) if not 300 <= asked.status < 400]
    for number, asked, gestures, reload in zip(numbers, loaded, walk.gestures, reloads, strict=True):
        read = Loaded(asked.html)
        url = f"{site.world.url}{asked.path}" + (f"?{asked.query}" if asked.query else "")
        about = {"title": read.title.strip(), "metas": read.metas, "lists": read.lists, "gestures": gestures}
        if number in later:
            about |= _came_later(later[number].html, read.lists)
        pages.append({"url": url, "referrer": asked.headers.get("Referer"), "reload": reload, **about})
    device = person.device
    visitor = {
        "agent": device.user_agent,
        "language": person.country.language,
        "gpc": person.gpc,
        "width": device.viewport_w,
        "height": device.viewport_h,
    }
    return track(visitor, pages, person.country.timezone).events


def _came_later(html: str, lists: list[str]) -> dict[str, Any]:
    """What for-you.js would tell the tracker about this list."""
    (list_id,) = Loaded(html).lists
    variant = re.search('data-footfall-variant="([a-z]+)"', html)
    detail = {"event_type": "impression", "element": f"list-{list_id}", "list_id": list_id}
    return {"lists": [*lists, list_id], "later": {**detail, **({"variant": variant[1]} if variant else {})}}


def comparable(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events in their order, without what differs between two runs; identities by the order of their appearance."""
    names: dict[str, int] = {}
    compared = []
    for event in sorted(events, key=lambda event: event["seq"]):
        assert {"event_id", "occurred_at"} <= event.keys()
        kept = {k: v for k, v in event.items() if k not in ("event_id", "occurred_at", "sent_at", "response_ms")}
        for name in ("session_id", "page_view_id", "anonymous_id"):
            if name in kept:
                kept[name] = names.setdefault(kept[name], len(names))
        compared.append({**kept, "is_timed": "response_ms" in event})
    return compared


@pytest.mark.parametrize("gpc", [False, True])
@pytest.mark.parametrize("app", sorted(STEPS))
def test_a_visitor_sends_what_the_tracker_makes_of_the_same_walk(tmp_path: Path, app: str, gpc: bool) -> None:
    with real_site(app, tmp_path) as site:
        person = replace(site.population.person(5), country=BERLIN, gpc=gpc, clock_offset_ms=0)
        walk = Walk(STEPS[app])
        site.visit(walk.visit(site), person, Profile())
        sent, made = comparable(site.events()), comparable(by_the_tracker(site, walk, person))
    assert [(event["event_type"], event.get("page_path")) for event in sent] == [
        (event["event_type"], event.get("page_path")) for event in made
    ]
    assert sent == made
    assert len(sent) > 3 * len(walk.steps)


@pytest.mark.parametrize("gpc", [False, True])
@pytest.mark.parametrize("app", sorted(STEPS))
def test_a_visitor_reports_a_list_that_comes_later_as_the_tracker_does(tmp_path: Path, app: str, gpc: bool) -> None:
    with real_site(app, tmp_path, StoredLists()) as site:
        person = replace(site.population.person(5), country=BERLIN, gpc=gpc, clock_offset_ms=0)
        followed = () if gpc else (("follow", "for-you"), ("follow", "for-you"))
        walk = Walk((("reload",), *followed, ("open", "/"), *STEPS[app]))
        site.visit(walk.visit(site), person, Profile())
        sent, made = comparable(site.events()), comparable(by_the_tracker(site, walk, person))
    assert sent == made
    of_list = [event for event in sent if event.get("list_id") == "for-you"]
    assert {event["event_type"] for event in of_list} == {"impression"} | (set() if gpc else {"click"})
    assert {event.get("variant") for event in of_list} == {None if gpc else arm_of(person.anonymous_id)}


def test_a_list_that_is_refused_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(for_you, "FloodGate", lambda *_: FloodGate(0, 1))
    with real_site("shop", tmp_path, StoredLists()) as site:
        person = site.population.person(5)
        site.visit(Walk((("reload",), ("click", "tile"))).visit(site), person, Profile())
        assert {asked.status for asked in site.lists().values()} == {429}
        assert len(site.events("page_view")) == 3
        assert not [event for event in site.events() if event.get("list_id") == "for-you"]


def test_the_people_s_devices_match_what_the_tracker_reads_from_their_agents(tmp_path: Path) -> None:
    with real_site("shop", tmp_path) as site:
        people = {person.device.user_agent: person for person in map(site.population.person, range(1_000))}
        assert len(people) == 12
        crawler = site.population.bot(0, site.world.behaviour.bots.agents)
        for somebody in (*people.values(), crawler):
            # Engines name some zones in older ways (Asia/Calcutta); Berlin is Berlin to all.
            person = replace(somebody, country=BERLIN, clock_offset_ms=0)
            site.pool.asked.clear()
            site.collector.requests.clear()
            walk = Walk(())
            site.visit(walk.visit(site), person, Profile())
            assert comparable(site.events()) == comparable(by_the_tracker(site, walk, person))

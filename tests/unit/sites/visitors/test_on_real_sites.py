"""Hundreds of visits of the real sites: every kind of page is reached, and nothing is refused that should not be."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

import pytest

from footfall.events.rejects import Reject
from footfall.events.stamp import Context, accept
from footfall.site_registry import DEMO_SITES
from footfall.sites.content import articles, courses, goods
from footfall.sites.visitors.behaviour import load_behaviour
from footfall.sites.visitors.outbox import wall_ms
from footfall.sites.visitors.transport import Profile
from footfall.sites.visitors.visit import bot_visits, person_visits, visit_random
from tests.unit.sites.visitors.real_site import RealSite, real_site

PEOPLE = 160
PAGE_TYPES = {
    "shop": {"home", "list", "product", "cart", "checkout", "search", "account", "error"},
    "news": {"front", "section", "article", "search", "account", "error"},
    "academy": {"home", "catalogue", "course", "lesson", "quiz", "search", "account", "error"},
}
# The faults in the sites' content, which make some pages fail without an incident.
SPOILED = {
    *(f"/product/{p.slug}" for p in goods.products().values() if not p.stock.isdigit()),
    *(f"/article/{a.slug}" for a in articles.articles().values() if a.corrected and ":" not in a.corrected),
}
KNOWN = {*goods.products(), *articles.articles(), *courses.courses()}


@dataclass
class Visited:
    """A site after its visits; people: the events of human visitors alone."""

    site: RealSite
    people: list[dict[str, Any]]

    def views(self) -> list[int]:
        """Page views of each human visit."""
        counts: defaultdict[str, int] = defaultdict(int)
        for event in self.people:
            counts[event["session_id"]] += event["event_type"] == "page_view"
        return list(counts.values())


@pytest.fixture(scope="module", params=DEMO_SITES)
def visited(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visited]:
    """Some hundred visits, a third of them a person's second one; crawlers come afterwards."""
    app = request.param
    with real_site(app, tmp_path_factory.mktemp(app)) as site:
        behaviour = site.world.behaviour
        for index in range(PEOPLE):
            person, profile = site.population.person(index * 7), Profile()
            for number in range(1 + index % 2):
                rng = visit_random(7, app, person.index, number)
                site.visit(person_visits(person, behaviour, rng, profile.user_id is not None), person, profile)
        people = site.events()
        for number in range(5):
            crawler = site.population.bot(number, behaviour.bots.agents)
            site.visit(bot_visits(behaviour, visit_random(7, app, -1, number)), crawler, Profile())
        yield Visited(site, people)


def test_every_event_is_accepted(visited: Visited) -> None:
    context = Context(visited.site.app, wall_ms())
    outcomes = [accept(event, context) for event in visited.site.events()]
    assert [outcome for outcome in outcomes if isinstance(outcome, Reject)] == []
    assert len(outcomes) > 5_000


def test_every_kind_of_page_is_seen(visited: Visited) -> None:
    assert {event["page_type"] for event in visited.people if "page_type" in event} == PAGE_TYPES[visited.site.app]


def test_people_do_what_each_site_is_for(visited: Visited) -> None:
    done = {(event["event_type"], event.get("element")) for event in visited.people}
    assert done >= {("login", "log-in"), ("search", None)}
    assert {
        "shop": {("add_to_cart", "add-to-cart"), ("form_submit", "place-order"), ("purchase", "order-line")},
        "news": {("form_submit", "newsletter")},
        "academy": {("form_submit", "quiz")},
    }[visited.site.app] <= done
    users = {event["user_id"] for event in visited.people if "user_id" in event}
    assert len(users) >= 3
    assert all(re.fullmatch(r"u[0-9]{6}", user) for user in users)


def test_only_what_is_meant_to_is_missing_or_refused(visited: Visited) -> None:
    """A bookmark or a search engine's address that is gone (404), and an order of something just sold out (409)."""
    refused = [asked for asked in visited.site.pages() if 400 <= asked.status < 500]
    gone = [asked for asked in refused if asked.status == 404]
    assert gone
    for asked in gone:
        last = asked.path.rpartition("/")[2]
        assert asked.method == "GET"
        assert re.fullmatch(r"gone-\d+", last) or last not in KNOWN
        # No link of the site leads there: all links work.
        assert not asked.headers.get("Referer", "").startswith(visited.site.world.url)
    others = {(asked.method, asked.path, asked.status) for asked in refused if asked.status != 404}
    assert others <= {("POST", "/checkout", 409)}


def test_nothing_fails_without_an_incident_but_what_is_spoiled(visited: Visited) -> None:
    assert {asked.path for asked in visited.site.pages() if asked.status >= 500} <= SPOILED


def test_each_loaded_page_is_one_view_with_its_request(visited: Visited) -> None:
    loaded = [asked for asked in visited.site.pages() if not 300 <= asked.status < 400]
    ids = [re.search(r'<meta name="footfall-request-id" content="([^"]+)"', asked.html) for asked in loaded]
    views = visited.site.events("page_view")
    assert sorted(view["request_id"] for view in views) == sorted(found[1] for found in ids if found)
    assert sorted(view["http_status"] for view in views) == sorted(asked.status for asked in loaded)
    # One failure is one event: a failed page is a view with its status.
    assert visited.site.events("error") == []


def test_visits_are_as_long_as_the_simulation_says(visited: Visited) -> None:
    views = visited.views()
    assert 3 <= median(views) <= 6
    assert 0.25 <= sum(count == 1 for count in views) / len(views) <= 0.5


def test_thirty_visitors_make_about_ten_events_a_second(visited: Visited) -> None:
    """Three sites with ten visitors each: this site has a third of the rate."""
    dwells_s = visited.site.world.lived_s
    assert 2.7 <= 10 * len(visited.people) / dwells_s <= 4


def test_addresses_that_the_behaviour_begins_with_are_the_site_s_own(visited: Visited) -> None:
    behaviour = load_behaviour(visited.site.app)
    for entry in behaviour.entries:
        for path in [entry.path.replace("{}", value) for value in entry.values or ("",)]:
            answer = visited.site.pool.request("GET", visited.site.world.url + path)
            assert (path, answer.status) == (path, 404 if entry.state == "error" else 200)

"""The static page of `examples/` in a real Chromium, on an origin of its own, with the real collector."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from footfall import site_changes
from footfall.events.validate import check_stored
from footfall.settings import REPOSITORY, Settings
from tests.support.browser import chromium
from tests.support.collector_process import CollectorProcess, free_port, running_collector
from tests.support.pages import serving_folder
from tests.support.platform import await_true

EXAMPLE = REPOSITORY / "examples" / "any-page"


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[CollectorProcess]:
    with running_collector(tmp_path, "notes") as running:
        yield running


@pytest.fixture
def origin(collector: CollectorProcess) -> Iterator[str]:
    """The origin of the example's pages, which is not registered yet."""
    with serving_folder(EXAMPLE, free_port(), collector.url) as url:
        yield url


@pytest.fixture
def context() -> Iterator[BrowserContext]:
    with chromium() as browser:
        made = browser.new_context()
        yield made
        made.close()


def add(settings: Settings, origin: str) -> None:
    site_changes.add(settings, "notes", [origin], "Field notes", None)


def arrived(page: Page, collector: CollectorProcess, is_there: Callable[[list[dict[str, Any]]], bool]) -> list[Any]:
    """Waits until the events of the site are as wanted; returns them in the order of the visit."""

    def came() -> bool:
        page.wait_for_timeout(50)  # lets Playwright's own loop run
        return is_there(collector.events("notes"))

    await_true(came, "the events", 20, every=0)
    found = sorted(collector.events("notes"), key=lambda event: (event["session_id"], event["seq"]))
    assert [check_stored(event) for event in found] == [None] * len(found)
    return found


def views(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["event_type"] == "page_view"]


def test_a_visit_of_the_example_arrives_whole(
    collector: CollectorProcess, origin: str, context: BrowserContext
) -> None:
    add(collector.settings, origin)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{origin}/?utm_source=letter")
    arrived(page, collector, lambda events: len(views(events)) == 1)
    page.click("#rain")
    page.wait_for_url("**/rain.html")
    events = arrived(page, collector, lambda events: len(views(events)) == 2)
    assert {event["app_id"] for event in events} == {"notes"}
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert {"session_start", "page_view", "click"} <= {event["event_type"] for event in events}
    home, rain = views(events)
    assert (home["page_path"], home["page_type"], home["page_section"]) == ("/", "home", "home")
    assert (home["page_title"], home["utm_source"], home["http_status"]) == ("Field notes", "letter", 200)
    assert (rain["page_path"], rain["page_type"], rain["page_section"]) == ("/notes/rain.html", "article", "weather")
    assert (rain["item_type"], rain["item_id"], rain["previous_path"]) == ("note", "rain", "/")
    page.click("#helpful")
    events = arrived(page, collector, lambda events: any(event["event_type"] == "custom" for event in events))
    (helpful,) = (event for event in events if event["event_type"] == "custom")
    assert (helpful["event_name"], helpful["properties"]) == ("helpful", {"note": "rain", "stars": 5})
    assert (helpful["page_path"], helpful["page_view_id"]) == (rain["page_path"], rain["page_view_id"])
    # What was waiting leaves with the page, by a beacon.
    page.click("text=Yes")
    page.goto("about:blank")
    arrived(page, collector, lambda events: any(event.get("consent") == "granted" for event in events))
    # So does how fast the page felt, as the second script of the other origin has measured it.
    events = arrived(page, collector, lambda events: any(event["event_type"] == "web_vitals" for event in events))
    (felt,) = (event for event in events if event["event_type"] == "web_vitals")
    assert felt["page_view_id"] == rain["page_view_id"]
    assert 0 <= felt["ttfb_ms"] <= felt["lcp_ms"] < 60_000
    assert complaints == []


def test_a_page_of_an_origin_that_is_added_late_loses_nothing(
    collector: CollectorProcess, origin: str, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(origin)
    await_true(lambda: _refused(page), "a refusal", 20, every=0)
    assert collector.events("notes") == []
    add(collector.settings, origin)
    (view,) = views(arrived(page, collector, lambda events: len(views(events)) == 1))
    assert view["app_id"] == "notes"


def _refused(page: Page) -> bool:
    page.wait_for_timeout(50)
    return int(page.evaluate("() => +(localStorage['footfall:notes.failures'] || 0)")) > 0


def test_sites_of_one_origin_keep_their_events_apart(
    collector: CollectorProcess, origin: str, context: BrowserContext
) -> None:
    add(collector.settings, origin)
    page = context.new_page()
    # The events of a site whose collector is away wait in the storage that both share.
    page.goto(f"{origin}/notes/")  # no page of the site: 404
    page.evaluate("localStorage['footfall.event.1'] = JSON.stringify({event_id: '1', app_id: 'other'})")
    page.goto(origin)
    assert {event["app_id"] for event in arrived(page, collector, lambda events: bool(events))} == {"notes"}
    assert page.evaluate("'footfall.event.1' in localStorage")

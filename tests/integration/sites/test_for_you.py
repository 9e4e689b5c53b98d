"""The list "for you" in a real Chromium on the real pages: when it is asked for, what is sent, and what is counted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from playwright.sync_api import Browser, Page, Request

from footfall.recommendations.arms import arm_of
from footfall.recommendations.table import subject_key
from footfall.site_registry import DEMO_SITES
from footfall.sites.content import articles, courses, goods
from tests.support.browser import chromium
from tests.support.lists import StoredLists, list_of
from tests.support.platform import await_true
from tests.support.sites import Remembering, make_site, serving

# Browsers of the two arms.
IDS = {arm_of(one): one for one in (f"0191d6c0-1111-7abc-8def-0000000000{n:02}" for n in range(20))}
LISTED = {
    "shop": [("product", slug) for slug in [*goods.products()][10:20]],
    "news": [("article", slug) for slug in [*articles.articles()][30:40]],
    "academy": [("course", slug) for slug in [*courses.courses()][10:14]],
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@dataclass
class Site:
    """A site whose visitors of both arms have lists. asked: the requests for a list."""

    url: str
    collector: Remembering
    lists: StoredLists
    browser: Browser
    asked: list[Request]

    def opened(self, path: str = "/", who: str | None = None, script: str = "", **options: Any) -> Page:
        """A page in a new browser. who: its id, which a new browser does not have yet."""
        page = self.browser.new_context(**options).new_page()
        if who is not None:
            page.add_init_script(
                f"localStorage['footfall.visitor'] ??= JSON.stringify({{id: {who!r}, at: Date.now()}})"
            )
        if script:
            page.add_init_script(script)
        page.on("request", lambda request: self.asked.append(request) if request.url.endswith("/for-you") else None)
        page.goto(self.url + path)
        return page

    def counted(self, page: Page, event_type: str) -> list[dict[str, Any]]:
        """Waits for events of a type that name the list, and returns them."""

        def found() -> list[dict[str, Any]]:
            return [e for e in self.collector.events(event_type) if e.get("list_id") == "for-you"]

        def came() -> bool:
            page.wait_for_timeout(20)  # lets Playwright's own loop run
            return bool(found())

        await_true(came, f"{event_type} of the list", 20, every=0)
        return found()

    def sent(self) -> dict[str, Any]:
        """The body of the only request for a list."""
        (request,) = self.asked
        body = orjson.loads(request.post_data or "")
        assert isinstance(body, dict)
        return body


@pytest.fixture
def app_id() -> str:
    return "shop"


@pytest.fixture
def site(tmp_path: Path, browser: Browser, app_id: str) -> Iterator[Site]:
    collector = Remembering()
    lists = StoredLists({subject_key(app_id, who): list_of(LISTED[app_id]) for who in IDS.values()})
    app, _ = make_site(tmp_path, app_id, collector, lists)
    with serving(app) as url:
        yield Site(url, collector, lists, browser, [])
        for context in browser.contexts:
            context.close()


def block(page: Page) -> Any:
    return page.locator("[data-footfall-list=for-you]")


@pytest.mark.parametrize("app_id", DEMO_SITES)
@pytest.mark.parametrize("arm", ["recommended", "popular"])
def test_seeing_the_list_and_a_click_on_it_are_events_of_the_arm(site: Site, app_id: str, arm: Any) -> None:
    page = site.opened(who=IDS[arm])
    block(page).wait_for(state="attached")
    body = site.sent()
    assert body["anonymous_id"] == IDS[arm]
    assert IDS[arm] not in site.asked[0].url
    block(page).scroll_into_view_if_needed()
    (impression,) = site.counted(page, "impression")
    assert (impression["variant"], impression["anonymous_id"]) == (arm, IDS[arm])
    assert impression["element"] == "list-for-you"
    link = block(page).locator("a").first
    item_id = link.get_attribute("data-footfall-item-id")
    assert (item_id == LISTED[app_id][0][1]) == (arm == "recommended")
    link.click()
    page.wait_for_url(re.compile(re.escape(item_id or "?")))
    (click,) = site.counted(page, "click")
    assert (click["variant"], click["item_id"], click["list_id"]) == (arm, item_id, "for-you")


def test_the_list_is_asked_for_once_the_page_has_loaded_and_counts_once_it_is_seen(site: Site) -> None:
    page = site.opened(who=IDS["recommended"], viewport={"width": 900, "height": 300})
    block(page).wait_for(state="attached")
    timing = page.evaluate(
        """() => [performance.getEntriesByType('navigation')[0].loadEventStart,
                 performance.getEntriesByType('resource').find(one => one.name.endsWith('/for-you')).startTime]"""
    )
    assert timing[0] <= timing[1]
    page.wait_for_timeout(1500)
    assert not [e for e in site.collector.events("impression") if e.get("list_id") == "for-you"]
    block(page).scroll_into_view_if_needed()
    site.counted(page, "impression")


def test_a_new_browser_has_an_id_by_then(site: Site) -> None:
    page = site.opened()
    block(page).wait_for(state="attached")
    assert site.sent()["anonymous_id"] == page.evaluate("() => JSON.parse(localStorage['footfall.visitor']).id")


def test_the_page_s_own_item_is_not_in_its_list(site: Site) -> None:
    slug = LISTED["shop"][0][1]
    page = site.opened(f"/product/{slug}", who=IDS["recommended"])
    block(page).wait_for(state="attached")
    assert block(page).locator("a").first.get_attribute("data-footfall-item-id") == LISTED["shop"][1][1]
    assert site.sent()["page_section"] == goods.products()[slug].category.slug


@pytest.mark.parametrize(
    "script",
    [
        "localStorage['footfall.consent'] = JSON.stringify('denied')",
        "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})",
        "Object.defineProperty(navigator, 'doNotTrack', {value: '1'})",
    ],
)
def test_without_consent_no_id_is_sent_and_no_variant_counted(site: Site, script: str) -> None:
    page = site.opened(who=IDS["recommended"], script=script)
    block(page).wait_for(state="attached")
    assert "anonymous_id" not in site.sent()
    block(page).scroll_into_view_if_needed()
    (impression,) = site.counted(page, "impression")
    assert "variant" not in impression
    assert page.get_by_role("heading", name="Popular now").is_visible()


def test_without_storage_the_list_is_popular(site: Site) -> None:
    page = site.opened(script="Object.defineProperty(window, 'localStorage', {get() { throw new DOMException() }})")
    block(page).wait_for(state="attached")
    assert "anonymous_id" not in site.sent()


def test_a_place_without_a_list_disappears(site: Site) -> None:
    page = site.opened(
        script="""window.fetch = (own => (path, ...rest) =>
            path == '/for-you' ? Promise.reject(new TypeError('away')) : own(path, ...rest))(window.fetch)"""
    )
    page.locator("[data-footfall-for-you][hidden]").wait_for(state="attached")
    page.wait_for_timeout(600)
    assert site.collector.events("page_view")
    assert not site.collector.events("error")


@pytest.mark.parametrize("app_id", DEMO_SITES)
@pytest.mark.parametrize("width", [390, 1200])
def test_the_list_moves_nothing_when_it_comes(site: Site, width: int) -> None:
    page = site.opened(
        who=IDS["recommended"],
        viewport={"width": width, "height": 800},
        script="""window.moved = 0; new PerformanceObserver(list => list.getEntries().forEach(
            entry => window.moved += entry.value)).observe({type: 'layout-shift', buffered: true});""",
    )
    block(page).wait_for(state="attached")
    page.wait_for_timeout(500)
    heights = page.evaluate(
        """() => { const place = document.querySelector('[data-footfall-for-you]'), full = place.offsetHeight;
            place.replaceChildren(); return [place.offsetHeight, full]; }"""
    )
    assert page.evaluate("() => window.moved") < 0.1
    assert abs(heights[0] - heights[1]) <= 60, heights

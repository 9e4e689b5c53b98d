"""The live page in a real browser, over the running platform."""

import time
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Page, expect

from footfall.events.identity import new_uuid7
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES
from tests.support.browser import chromium
from tests.support.collecting import send
from tests.support.events import example_event
from tests.support.platform import Platform, await_true

HOSTILE = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) $\\LaTeX$ :red[hi] :material/home:"


@pytest.fixture(scope="module")
def browser(busy_platform: Platform) -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def requested(page: Page) -> list[str]:
    """Every address that the page requests, from its first request on."""
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.on("websocket", lambda socket: addresses.append(socket.url))
    return addresses


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1360, "height": 1000})
    yield opened
    opened.close()


def address(settings: Settings) -> str:
    return f"http://127.0.0.1:{settings.port('dashboard')}/"


def active(page: Page, app: str) -> int:
    """The active visitors of the last five minutes in the table of sites."""
    line = page.locator(".ff-sites tbody tr").filter(has=page.locator(f'[data-app="{app}"]'))
    return int(line.locator("td").nth(2).inner_text().replace(",", ""))


def test_shows_three_busy_sites_and_requests_nothing_from_other_hosts(
    platform: Settings, page: Page, requested: list[str]
) -> None:
    page.goto(address(platform))
    expect(page.locator(".ff-sites")).to_be_visible(timeout=30_000)
    await_true(lambda: all(active(page, app) > 0 for app in DEMO_SITES), "active visitors on three sites")
    expect(page.locator(".ff-live")).to_be_visible(timeout=30_000)
    expect(page.locator(".ff-stream tbody tr").first).to_be_visible(timeout=30_000)
    expect(page.locator(".ff-ranking").first).to_be_visible(timeout=30_000)
    # A busy machine may answer a panel late once, which the page says until the next answer.
    expect(page.locator(".ff-trouble")).to_have_count(0, timeout=30_000)
    hosts = {urlsplit(url).netloc for url in requested if urlsplit(url).scheme not in ("data", "blob")}
    assert hosts == {f"127.0.0.1:{platform.port('dashboard')}"}


def test_keeps_itself_current_without_a_reload(platform: Settings, page: Page) -> None:
    loads: list[str] = []
    page.on("load", lambda loaded: loads.append(loaded.url))
    page.goto(address(platform))
    stream, figures = page.locator(".ff-stream tbody"), page.locator(".ff-sites tbody")
    expect(stream).to_be_visible(timeout=30_000)
    expect(figures).to_be_visible(timeout=30_000)
    before = figures.inner_text(), stream.inner_text()
    await_true(lambda: figures.inner_text() != before[0], "changed figures", seconds=15)
    await_true(lambda: stream.inner_text() != before[1], "new lines in the stream", seconds=15)
    assert len(loads) == 1


def test_a_hostile_visitor_is_shown_as_text(platform: Settings, page: Page) -> None:
    dialogs: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    session = new_uuid7()
    event = example_event(
        int(time.time() * 1000), session_id=session, seq=0, page_title=HOSTILE, element=HOSTILE, page_path="/<b>x"
    )
    send(platform, "shop", event)

    page.goto(f"{address(platform)}?session={session}")
    # The stream is checked first, because newer page views replace the line within half a minute.
    line = page.locator(".ff-stream tr").filter(has=page.locator(f"a[href='?session={session}']"))
    expect(line).to_contain_text(HOSTILE, timeout=15_000)
    path = page.locator(".ff-path")
    expect(path).to_contain_text(HOSTILE, timeout=15_000)
    expect(path).to_contain_text("/<b>x")
    for inside in ("img", "script", ".katex", "[href^=javascript]"):
        assert page.locator(f".ff-panel {inside}").count() == 0
    assert dialogs == []


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_is_accessible(platform: Settings, browser: Browser, colours: Literal["light", "dark"]) -> None:
    page = browser.new_page(viewport={"width": 1360, "height": 2300}, color_scheme=colours)
    page.goto(address(platform))
    for inside in (".ff-stream", ".ff-ranking", ".ff-places", ".ff-cities", ".ff-sites", ".ff-pair .ff-ranking"):
        expect(page.locator(inside).first).to_be_visible(timeout=30_000)
    rules = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": list(rules)}}).response
    assert len(found["passes"]) > 10
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
    page.close()


def test_one_site_alone(platform: Settings, page: Page) -> None:
    page.goto(address(platform))
    expect(page.locator(".ff-stream tbody tr").first).to_be_visible(timeout=30_000)
    page.get_by_test_id("stButtonGroup").get_by_text("news").click()
    expect(page.locator('[data-app="shop"]')).to_have_count(0, timeout=15_000)
    expect(page.locator('.ff-sites [data-app="news"]')).to_be_visible()
    await_true(lambda: page.locator('.ff-stream [data-app="news"]').count() > 0, "navigation on the news site")


def test_navigation_can_be_paused(platform: Settings, page: Page) -> None:
    page.goto(address(platform))
    stream = page.locator(".ff-stream tbody")
    expect(stream).to_be_visible(timeout=30_000)
    page.get_by_text("Pause the navigation").click()
    expect(page.get_by_text("Paused.")).to_be_visible(timeout=15_000)
    held = stream.inner_text()
    page.wait_for_timeout(6_000)
    assert stream.inner_text() == held
    page.get_by_text("Pause the navigation").click()
    await_true(lambda: stream.inner_text() != held, "new lines in the stream", seconds=15)


def test_people_are_on_the_map(platform: Settings, page: Page) -> None:
    page.goto(address(platform))
    countries, cities = page.locator(".ff-world i:not(.ff-city)"), page.locator(".ff-world i.ff-city")
    for dots in (countries, cities):
        expect(dots.first).to_be_visible(timeout=30_000)
    shown = page.locator(".ff-world").bounding_box()
    assert shown is not None
    assert shown["height"] > 100
    for dot in (dots.nth(n).bounding_box() for dots in (countries, cities) for n in range(min(5, dots.count()))):
        assert dot is not None
        assert shown["x"] <= dot["x"] + dot["width"] / 2 <= shown["x"] + shown["width"]
        assert shown["y"] <= dot["y"] + dot["height"] / 2 <= shown["y"] + shown["height"]
    largest, city = countries.first.bounding_box(), cities.first.bounding_box()
    assert largest is not None
    assert city is not None
    assert city["width"] < largest["width"] / 2
    # The mask of the land contains its picture, so the browser requests none.
    mask = page.locator(".ff-land").evaluate("shape => getComputedStyle(shape).maskImage")
    assert mask.startswith('url("data:image/svg+xml')


def test_pages_where_visits_begin_are_listed(platform: Settings, page: Page) -> None:
    page.goto(address(platform))
    begin = page.get_by_role("region", name="Where visits begin")
    await_true(lambda: begin.locator("tbody tr").count() > 0, "a page where visits begin")
    assert all(int(count.replace(",", "")) > 0 for count in begin.locator("tbody td:last-child").all_inner_texts())
    expect(page.get_by_role("region", name="Where visits end")).to_contain_text(
        "A visit ends after half an hour without another page view"
    )


def test_fits_a_phone(platform: Settings, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(address(platform))
    expect(page.locator(".ff-stream tbody tr").first).to_be_visible(timeout=30_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()

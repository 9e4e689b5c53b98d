"""The history page in a real browser, over the published days of the running platform."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from footfall import question_registry
from footfall.dashboard import wording
from footfall.dashboard.components.parts import PENDING
from footfall.hdfs import Hdfs
from footfall.questions.sources import Sources
from footfall.settings import Settings
from footfall.warehouse import published
from tests.support.browser import chromium

# The first question after a start may open Hive's session.
_FIRST_MS = 30_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1360, "height": 1000})
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def day(platform: Settings) -> date:
    """The newest published day."""
    days = published.read(Hdfs(platform))
    assert days, "These tests need a published day."
    return max(days)


def address(settings: Settings, more: str = "") -> str:
    return f"http://127.0.0.1:{settings.port('dashboard')}/?view=history{more}"


def tile(page: Page, label: str) -> str:
    """The number of a figure of the day."""
    words = page.get_by_text(label, exact=True)
    return page.locator(".ff-day p").filter(has=words).locator("strong").inner_text()


def query(page: Page) -> dict[str, list[str]]:
    """The parameters in the page's address."""
    return parse_qs(urlsplit(page.url).query)


def _await_last_panel(page: Page) -> None:
    """Waits until the last panel is there and none waits for its answer. On a quiet day, one site may have no rows."""
    felt = page.get_by_role("region", name="How fast it felt").locator("tbody tr, .ff-empty")
    expect(felt.first).to_be_visible(timeout=_FIRST_MS)
    expect(page.get_by_text(PENDING)).to_have_count(0, timeout=_FIRST_MS)


def test_shows_the_newest_day_as_the_questions_answer_and_requests_nothing_from_other_hosts(
    platform: Settings, day: date, page: Page
) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("websocket", lambda socket: requested.append(socket.url))
    page.goto(address(platform))
    expect(page.locator(".ff-head")).to_contain_text(wording.full_day(day), timeout=_FIRST_MS)
    titles = ("Most visited pages", "Sections", "Paths", "From page to page", "Where from", "Slow pages")
    for title in (*titles, "How fast it felt"):
        expect(page.get_by_role("region", name=title).locator("tbody tr").first).to_be_visible(timeout=_FIRST_MS)
    expect(page.locator(".ff-trouble")).to_have_count(0, timeout=30_000)

    def ask(question: str, **parameters: Any) -> list[dict[str, Any]]:
        with Sources(platform) as sources:
            return question_registry.ask(sources, question, date=str(day), **parameters)

    summary = next(row for row in ask("daily-summary") if row["app_id"] == "all")
    assert summary["visits"] > 0
    assert tile(page, "visits") == wording.number(summary["visits"])
    assert tile(page, "visitors") == wording.number(summary["visitors"])
    assert tile(page, "bounce rate") == wording.percent(summary["bounce_rate"])
    most = ask("most-visited-pages", limit=1)[0]
    first = page.locator(".ff-most tbody tr").first
    expect(first).to_contain_text(most["page_path"])
    expect(first).to_contain_text(wording.number(most["page_views"]))
    vitals = page.locator(".ff-vitals")
    expect(vitals).to_have_count(2, timeout=_FIRST_MS)
    for number, by in enumerate(("page", "device")):
        felt = ask("web-vitals", by=by, limit=1)[0]
        first = vitals.nth(number).locator("tbody tr").first
        expect(first).to_contain_text(felt["value"])
        expect(first).to_contain_text(wording.milliseconds(felt["lcp_p75_ms"]))
        expect(first).to_contain_text(wording.number(felt["views"]))
    hosts = {urlsplit(url).netloc for url in requested if urlsplit(url).scheme not in ("data", "blob")}
    assert hosts == {f"127.0.0.1:{platform.port('dashboard')}"}


def test_day_and_site_are_in_the_address(platform: Settings, day: date, page: Page) -> None:
    page.goto(address(platform, "&date=2001-02-03"))
    expect(page.get_by_text("There are no events on 2001-02-03")).to_be_visible(timeout=_FIRST_MS)
    page.get_by_role("combobox").click()
    page.get_by_role("option", name=wording.day_and_year(day)).click()
    expect(page.locator('.ff-most [data-app="news"]').first).to_be_visible(timeout=_FIRST_MS)
    page.get_by_test_id("stButtonGroup").get_by_text("shop").click()
    expect(page.locator('[data-app="news"]')).to_have_count(0, timeout=_FIRST_MS)
    assert query(page) == {"view": ["history"], "date": [str(day)], "app": ["shop"]}
    page.reload()
    expect(page.locator('.ff-most [data-app="shop"]').first).to_be_visible(timeout=_FIRST_MS)
    assert page.locator('[data-app="news"]').count() == 0
    # The live page is one step away, about the same site.
    page.get_by_role("link", name="Live").click()
    expect(page.locator('.ff-sites [data-app="shop"]')).to_be_visible(timeout=_FIRST_MS)
    assert query(page) == {"app": ["shop"]}
    page.get_by_role("link", name="History").click()
    expect(page.locator('.ff-most [data-app="shop"]').first).to_be_visible(timeout=_FIRST_MS)


def test_is_accessible_in_light_and_dark(platform: Settings, day: date, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1360, "height": 4400}, color_scheme="light")
    # One site has all panels in fewer lines: finding the contrast of each text takes seconds.
    page.goto(address(platform, "&app=shop"))
    _await_last_panel(page)
    tags = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
    light = Axe().run(page, options={"runOnly": tags}).response
    assert len(light["passes"]) > 10
    page.emulate_media(color_scheme="dark")
    # The page's style sheet changes at once, but Streamlit's background only when its script has drawn it anew.
    expect(page.locator(".stApp")).to_have_css("color-scheme", "dark")
    dark = Axe().run(page, options={"runOnly": {"type": "rule", "values": ["color-contrast"]}}).response
    assert [one["id"] for one in dark["passes"]] == ["color-contrast"]
    found = [*light["violations"], *dark["violations"]]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    page.close()


def test_fits_a_phone(platform: Settings, day: date, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(address(platform))
    _await_last_panel(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()

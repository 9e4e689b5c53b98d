"""A site that is added while everything runs: the example's pages are seen in seconds by a real browser, and proved."""

from collections import Counter
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from footfall.settings import REPOSITORY, Settings
from tests.support.browser import chromium
from tests.support.collector_process import free_port
from tests.support.pages import serving_folder
from tests.support.platform import Platform, await_true

EXAMPLE = REPOSITORY / "examples" / "any-page"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def notes(busy_platform: Platform) -> Iterator[str]:
    """The origin of the example's pages, added with one command."""
    with serving_folder(EXAMPLE, free_port(), f"http://localhost:{busy_platform.settings.port('collector')}") as origin:
        added = busy_platform.run("site", "add", "notes", "--origin", origin, "--title", "Field notes")
        assert added.returncode == 0, added.stderr
        yield origin
        removed = busy_platform.run("site", "remove", "notes")
        assert removed.returncode == 0, removed.stderr


def test_it_is_seen_in_seconds_and_proved(busy_platform: Platform, notes: str, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(notes)
    page.click("#rain")
    page.wait_for_url("**/rain.html")

    def viewed() -> Counter[str]:
        page.wait_for_timeout(20)  # lets Playwright's own loop run
        found = Counter[str]()
        for row in busy_platform.query("live-metrics", "--app", "notes", "--by", "page", "--minutes", "10"):
            found[row["value"]] += row["page_views"]
        return found

    await_true(lambda: len(viewed()) == 2, "both pages in the figures", 15, every=0.5)
    assert viewed() == {"/": 1, "/notes/rain.html": 1}
    active = busy_platform.query("live-active-users")
    assert [row["active_5m"] for row in active if row["app_id"] == "notes"] == [1]
    context.close()
    report = busy_platform.assert_verified()
    hours = [hour for hour in report["hours"] if hour["app_id"] == "notes"]
    sums = {name: sum(hour[name] for hour in hours) for name in ("in_kafka", "counted", "archived", "rejected")}
    stored = sums["in_kafka"]
    assert stored >= 4
    assert sums == {"in_kafka": stored, "counted": stored, "archived": stored, "rejected": 0}


def test_it_is_on_the_live_page(platform: Settings, notes: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"http://localhost:{platform.port('dashboard')}")
    page.get_by_test_id("stButtonGroup").get_by_text("notes").wait_for(timeout=30_000)
    page.close()

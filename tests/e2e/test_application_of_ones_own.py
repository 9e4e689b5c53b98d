"""The Flask application of the examples, added while everything runs: its events and lines arrive and are proved."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from footfall.settings import REPOSITORY
from tests.support.browser import chromium
from tests.support.collector_process import free_port
from tests.support.platform import Platform, await_true

FILE = REPOSITORY / "examples" / "flask-application" / "app.py"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def recipes(busy_platform: Platform) -> Iterator[str]:
    """The origin of the application, added with one command; it writes its logs to the folder that a command prints."""
    port = free_port()
    url = f"http://localhost:{port}"
    folder = busy_platform.run("site", "logs")
    assert (folder.returncode, folder.stderr) == (0, "")
    environment = os.environ | {
        "PYTHONPATH": str(REPOSITORY / "extension"),
        "COLLECTOR": f"http://localhost:{busy_platform.settings.port('collector')}",
        "LOGS": folder.stdout.strip(),
    }
    command = [sys.executable, "-m", "flask", "--app", str(FILE), "run", "--port", str(port)]
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        await_true(lambda: _answers(url), "the application", 30, 0.1)
        added = busy_platform.run("site", "add", "recipes", "--origin", url, "--title", "Recipes")
        assert added.returncode == 0, added.stderr
        yield url
        removed = busy_platform.run("site", "remove", "recipes")
        assert removed.returncode == 0, removed.stderr
    finally:
        running.terminate()
        running.wait(20)


def test_its_events_and_its_lines_have_one_id(busy_platform: Platform, recipes: str, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(recipes)
    page.click("text=Soup")
    page.wait_for_url("**/recipes/soup")
    request_id = page.locator("script[data-request-id]").get_attribute("data-request-id")
    assert request_id is not None

    def viewed() -> set[str]:
        page.wait_for_timeout(20)  # lets Playwright's own loop run
        rows = busy_platform.query("live-metrics", "--app", "recipes", "--by", "page", "--minutes", "10")
        return {row["value"] for row in rows if row["page_views"]}

    await_true(lambda: viewed() == {"/", "/recipes/soup"}, "both pages in the figures", 20, every=0.5)
    context.close()
    for kind in ("access", "performance"):

        def lines(kind: str = kind) -> list[tuple[str, int]]:
            rows = busy_platform.query("log-tail", "--app", "recipes", "--kind", kind, "--limit", "1000")
            return [(row["page_path"], row["status"]) for row in rows if row["request_id"] == request_id]

        await_true(lambda lines=lines: lines() == [("/recipes/soup", 200)], f"its {kind} line", 60, every=1)  # type: ignore[misc]
    busy_platform.assert_verified()

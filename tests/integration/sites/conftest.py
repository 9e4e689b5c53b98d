"""A site in a real browser, whose collector remembers what the tracker posts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from footfall.events.validate import check_sent
from tests.support.browser import chromium
from tests.support.sites import Remembering, make_site, serving
from tests.support.tracked import Opens


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def collector() -> Iterator[Remembering]:
    remembering = Remembering()
    yield remembering
    # Whatever a test checks, the tracker must send only valid events.
    sent = [event for _, _, events in remembering.requests for event in events]
    assert sent
    for event in sent:
        assert check_sent(event) is None, event


@pytest.fixture
def opened(tmp_path: Path, browser: Browser, collector: Remembering) -> Iterator[Opens]:
    """Opens a site in a new browser profile: `opened("shop", "/cart")` gives the page and the site's address."""
    contexts: list[BrowserContext] = []
    running = []

    def open_site(app_id: str, path: str, script: str | None = None, **options: Any) -> tuple[Page, str]:
        app, _ = make_site(tmp_path, app_id, collector)
        server = serving(app)
        running.append(server)
        url = server.__enter__()
        context = browser.new_context(**options)
        contexts.append(context)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.goto(url + path)
        return page, url

    yield open_site
    for context in contexts:
        context.close()
    for server in running:
        server.__exit__(None, None, None)

"""A site in a real browser, whose collector remembers what the tracker posts."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from footfall.events.validate import check_sent
from tests.support.browser import chromium
from tests.support.sites import Remembering, make_site, serving
from tests.support.tracked import Opens

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(keeps_pages=True) as running:
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


def _without_cache_control(application: "WSGIApplication") -> "WSGIApplication":
    def around(environ: "WSGIEnvironment", start: Any) -> Any:
        def begin(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start(status, [header for header in headers if header[0] != "Cache-Control"], *more)

        return application(environ, begin)

    return around


@pytest.fixture
def opened(tmp_path: Path, browser: Browser, collector: Remembering) -> Iterator[Opens]:
    """Opens a site in a new browser profile: `opened("shop", "/cart")` gives the page and the site's address.

    keeps_pages: whether its pages may stay in the back/forward cache. The demo sites forbid it, as theirs are personal.
    """
    contexts: list[BrowserContext] = []
    running = []

    def open_site(
        app_id: str, path: str, script: str | None = None, keeps_pages: bool = False, **options: Any
    ) -> tuple[Page, str]:
        app, _ = make_site(tmp_path, app_id, collector)
        if keeps_pages:
            app.wsgi_app = _without_cache_control(app.wsgi_app)  # type: ignore[assignment, method-assign]
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

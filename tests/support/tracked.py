"""What a page's tracker has posted to a collector that remembers it."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from tests.support.platform import await_true
from tests.support.sites import Remembering

# Opens a site in a new browser profile; gives the page and the site's address.
Opens = Callable[..., tuple[Page, str]]


def arrived(page: Page, collector: Remembering, event_type: str, count: int = 1) -> list[dict[str, Any]]:
    """Waits until this many events of a type have arrived."""

    def came() -> bool:
        page.wait_for_timeout(20)  # lets Playwright's own loop run
        return len(collector.events(event_type)) >= count

    await_true(came, f"{count} {event_type}", 20, every=0)
    return collector.events(event_type)


def refused_times(page: Page, count: int) -> None:
    """Waits until the tracker has seen this many attempts fail in a row."""

    def seen() -> bool:
        page.wait_for_timeout(20)
        return int(page.evaluate("() => +(localStorage['footfall.failures'] || 0)")) >= count

    await_true(seen, f"{count} failed attempts", 15, every=0)


def leave(page: Page, collector: Remembering) -> None:
    """Closes the page as a person does, and waits for the beacon."""
    before = len(collector.requests)
    page.goto("about:blank")
    await_true(lambda: len(collector.requests) > before, "the beacon", 10)

"""A real browser visits the shop, and the questions return the visit step by step."""

import re

from playwright.sync_api import Page, expect

from tests.support.browser import chromium
from tests.support.platform import Platform, await_true


def test_a_browsers_visit_is_found(verified_platform: Platform) -> None:
    shop = f"http://127.0.0.1:{verified_platform.settings.port('shop')}"

    def steps(session: str) -> list[str]:
        done = verified_platform.run("query", "session", "--session", session, "--json")
        return re.findall(r'"page_path": "([^"]*)"', done.stdout) if done.returncode == 0 else []

    with chromium() as browser:
        page = browser.new_page(
            # The default user agent of a headless browser would make it a bot.
            user_agent="Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36"
        )
        page.goto(shop + "/")
        session, person = _ids(page)
        page.locator("a[href^='/category/']").first.click()
        page.wait_for_url(re.compile("/category/"))
        page.locator("a[href^='/product/']").first.click()
        page.wait_for_url(re.compile("/product/"))
        product = page.evaluate("location.pathname")
        page.locator("form[action='/cart/add'] button").first.click()
        page.wait_for_url(re.compile("/cart"))
        expect(page.locator("body")).to_contain_text(re.compile("cart", re.IGNORECASE))
        page.goto(shop + "/there-is-no-such-page")
        page.goto("about:blank")
        # The browser stays open meanwhile. If it ended, it would keep unsent events for its next visit.
        await_true(lambda: "/there-is-no-such-page" in steps(session), "the visit in `session`", 30, every=0.5)
    rows = verified_platform.query("session", "--session", session)
    views = [row["page_path"] for row in rows if row["event_type"] == "page_view"]
    assert views[0] == "/"
    assert views[1].startswith("/category/")
    assert views[2] == product
    assert views[-1] == "/there-is-no-such-page"
    assert {row["anonymous_id"] for row in rows} == {person}
    assert [row["seq"] for row in rows] == list(range(len(rows)))
    assert any(row["event_type"] == "add_to_cart" and row["page_path"] == product for row in rows)
    pages = verified_platform.query("recent-pages", "--user", person)
    assert [row["page_path"] for row in pages] == views[::-1]
    assert pages[0]["http_status"] == 404


def _ids(page: Page) -> tuple[str, str]:
    """The session and the visitor that the tracker has given this browser."""
    page.wait_for_function("() => localStorage['footfall.visit'] && localStorage['footfall.visitor']")
    return (
        page.evaluate("() => JSON.parse(localStorage['footfall.visit']).id"),
        page.evaluate("() => JSON.parse(localStorage['footfall.visitor']).id"),
    )

"""A real browser in the shop sees the list that HBase holds for it, and its click on the list is counted."""

import re
from collections.abc import Iterator
from typing import Any, Final

import orjson
import pytest
from playwright.sync_api import Page, expect

from footfall.events.identity import new_uuid7
from footfall.names import TABLE_RECOMMENDATIONS, TOPIC_EVENTS
from footfall.realtime.store import HBaseStore
from footfall.recommendations.arms import RECOMMENDED, arm_of
from footfall.recommendations.table import LIST_COLUMN, encode_list, subject_key
from footfall.sites.content import goods
from footfall.verification.kafka_log import KafkaLog
from tests.support.browser import chromium
from tests.support.lists import list_of
from tests.support.platform import Platform, await_true

# The default user agent of a headless browser would make it a bot.
AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36"
LISTED: Final = [("product", slug) for slug in [*goods.products()][100:110]]


@pytest.fixture
def person(busy_platform: Platform) -> Iterator[str]:
    """The id of a browser in the arm `recommended`, for which HBase holds a list."""
    anonymous_id = next(one for one in iter(new_uuid7, "") if arm_of(one) == RECOMMENDED)
    key = subject_key("shop", anonymous_id)
    store = HBaseStore(busy_platform.settings)
    store.write(TABLE_RECOMMENDATIONS, {key: {LIST_COLUMN: encode_list(list_of(LISTED))}}, 1)
    yield anonymous_id
    store.delete(TABLE_RECOMMENDATIONS, {key: [LIST_COLUMN]}, 1)
    store.close()


def test_a_browser_sees_its_list_and_its_click_is_counted(verified_platform: Platform, person: str) -> None:
    shop = f"http://127.0.0.1:{verified_platform.settings.port('shop')}"

    def steps(session: str) -> list[str]:
        done = verified_platform.run("query", "session", "--session", session, "--json")
        return re.findall(r'"element": "([^"]*)"', done.stdout) if done.returncode == 0 else []

    with chromium() as browser:
        page = browser.new_page(user_agent=AGENT)
        page.add_init_script(f"localStorage['footfall.visitor'] ??= JSON.stringify({{id: '{person}', at: Date.now()}})")
        shown = _shown(page, shop)
        assert shown == [slug for _, slug in LISTED[:4]]
        session = page.evaluate("() => JSON.parse(localStorage['footfall.visit']).id")
        page.locator("[data-footfall-list=for-you]").scroll_into_view_if_needed()
        await_true(lambda: "list-for-you" in steps(session), "the impression in `session`", 30, every=0.5)
        page.locator("[data-footfall-list=for-you] a").first.click()
        page.wait_for_url(re.compile(f"/product/{shown[0]}$"))
        page.locator("[data-footfall-list=for-you] a").first.wait_for()
        # The item of the page is not in its own list.
        assert _listed(page) == [slug for _, slug in LISTED[1:5]]
        await_true(lambda: "product-card" in steps(session), "the click in `session`", 30, every=0.5)
    of_list = [event for event in _events(verified_platform, session) if event.get("list_id") == "for-you"]
    assert {event["variant"] for event in of_list} == {RECOMMENDED}
    assert {event["anonymous_id"] for event in of_list} == {person}
    (click,) = (event for event in of_list if event["event_type"] == "click")
    assert (click["item_type"], click["item_id"]) == LISTED[0]


def test_a_browser_that_hbase_does_not_know_sees_what_is_popular(busy_platform: Platform) -> None:
    with chromium() as browser:
        page = browser.new_page(user_agent=AGENT)
        assert len(_shown(page, f"http://127.0.0.1:{busy_platform.settings.port('shop')}")) == 4
        block = page.locator("[data-footfall-for-you] > div")
        expect(block).not_to_have_attribute("data-source", "learned")
        expect(block).to_have_attribute("data-reason", re.compile("arm|no_list"))


def _shown(page: Page, shop: str) -> list[str]:
    """Opens the front page until HBase has answered in time, which a busy machine may prevent; the list's items."""

    def answered() -> bool:
        page.goto(shop + "/")
        block = page.locator("[data-footfall-for-you] > div")
        block.wait_for(state="attached")
        return block.get_attribute("data-reason") not in ("busy", "failed", "late", "paused")

    await_true(answered, "an answer of HBase", 60, every=1)
    return _listed(page)


def _listed(page: Page) -> list[str]:
    links = page.locator("[data-footfall-list=for-you] a").all()
    return [link.get_attribute("data-footfall-item-id") or "" for link in links]


def _events(platform: Platform, session: str) -> list[dict[str, Any]]:
    """The events of a session in Kafka."""
    log = KafkaLog(platform.settings.kafka_bootstrap)
    found = []
    for partition, (start, end) in log.bounds(TOPIC_EVENTS, range(platform.settings.events_partitions)).items():
        for record in log.read(TOPIC_EVENTS, partition, start, end):
            event = orjson.loads(record.value)
            if event["session_id"] == session:
                found.append(event)
    return found

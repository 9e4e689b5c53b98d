"""The shop breaks: an alert is raised in time, delivered, leads to its cause, and ends when the trouble ends."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from math import comb
from pathlib import Path
from typing import Any

import orjson
import pytest
from playwright.sync_api import expect

from footfall.events.times import parse_rfc3339_ms
from footfall.names import TOPIC_EVENTS
from footfall.notify import deliver
from footfall.secret_files import secret
from footfall.settings import Settings
from footfall.verification.kafka_log import KafkaLog
from tests.support.browser import chromium
from tests.support.platform import Platform, await_true
from tests.support.receiver import Receiver, receiving

_INCIDENT_S = 45


@pytest.fixture
def deliveries(busy_platform: Platform, tmp_path: Path) -> Iterator[tuple[Receiver, bytes]]:
    """A receiver of all alerts, and the key that signs them."""
    stop = threading.Event()
    with receiving() as receiver:
        changed = {"home": tmp_path, "alerts": {"webhook_url": receiver.url}}
        settings = Settings.model_validate(busy_platform.settings.model_dump() | changed)
        thread = threading.Thread(target=deliver.run, args=(settings, stop))
        thread.start()
        yield receiver, secret(settings, deliver.KEY)
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def errors_of_the_shop(platform: Platform, since_ms: float) -> list[dict[str, Any]]:
    return [
        row
        for row in platform.query("live-alerts", "--app", "shop")
        if row["kind"] == "errors" and parse_rfc3339_ms(row["raised_at"]) >= since_ms
    ]


def people_of_the_shop(platform: Platform) -> list[tuple[int, bool]]:
    """The page views and error events of people, from Kafka: when each arrived (ms since 1970), whether it failed."""
    log = KafkaLog(platform.settings.kafka_bootstrap)
    found = []
    for partition, (start, end) in log.bounds(TOPIC_EVENTS, range(platform.settings.events_partitions)).items():
        for record in log.read(TOPIC_EVENTS, partition, start, end):
            event = orjson.loads(record.value)
            if event["app_id"] == "shop" and not event["is_bot"] and event["event_type"] in ("page_view", "error"):
                failed = event["event_type"] == "error" or event.get("http_status", 0) >= 500
                found.append((parse_rfc3339_ms(event["received_at"]), failed))
    return found


def first_alarming_ms(arrived: list[tuple[int, bool]], since_ms: float, ordinary: float) -> int:
    """When the last 15 or 60 seconds were first less likely than the limit, at the end of a slot; ms since 1970.

    arrived: as `people_of_the_shop`. ordinary: the share of failures while nothing is wrong (0-1).
    """
    slot_ms = 2_500
    first = (int(since_ms) // slot_ms + 1) * slot_ms
    for now in range(first, first + 120_000, slot_ms):
        for span_ms in (15_000, 60_000):
            tried = [failed for at_ms, failed in arrived if now - span_ms <= at_ms < now]
            n, hits = len(tried), sum(tried)
            terms = (comb(n, k) * ordinary**k * (1 - ordinary) ** (n - k) for k in range(hits, n + 1))
            if n >= 5 and hits >= 4 and sum(terms) < 1e-6:
                return now
    raise AssertionError("The failures that arrived should raise no alert.")


def test_a_broken_shop_raises_an_alert_and_its_repair_resolves_it(
    busy_platform: Platform, deliveries: tuple[Receiver, bytes]
) -> None:
    receiver, key = deliveries
    busy_platform.await_judged("shop")
    began_ms = time.time() * 1000
    broken = busy_platform.run("incident", "errors", "--app", "shop", "--share", "0.8", "--for", str(_INCIDENT_S))
    assert broken.returncode == 0, broken.stderr
    await_true(lambda: bool(errors_of_the_shop(busy_platform, began_ms)), "an alert", 60, every=1)
    first = min(errors_of_the_shop(busy_platform, began_ms), key=lambda row: str(row["raised_at"]))
    # How soon failures become unlikely enough depends on the visitors, who are few, and on what is usual there.
    alarming_ms = first_alarming_ms(people_of_the_shop(busy_platform), began_ms, max(first["expected"], 0.01))
    assert parse_rfc3339_ms(first["raised_at"]) <= max(began_ms + 20_000, alarming_ms + 10_000)
    assert first["observed"] > 5 * max(first["expected"], 0.01)
    assert first["n"] >= 5
    assert first["tail_p"] < 1e-6
    assert first["sample_request_id"]

    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1360, "height": 1000})
        page.goto(f"http://127.0.0.1:{busy_platform.settings.port('dashboard')}/")
        card = page.locator(".ff-alert").filter(has_text="Errors on shop")
        expect(card.first).to_be_visible(timeout=30_000)
        card.first.get_by_role("link").click()
        expect(page.get_by_role("heading", name="Errors there")).to_be_visible(timeout=30_000)
        expect(page.locator(".ff-errors .ff-code").first).to_contain_text("500", timeout=30_000)
        # The log line of the request arrives through Flume and HDFS.
        expect(page.locator("pre").first).to_contain_text("did not answer", timeout=60_000)

    def over() -> bool:
        rows = errors_of_the_shop(busy_platform, began_ms)
        return all(row["state"] == "resolved" and row["resolved_at"] for row in rows)

    await_true(over, "its end", _INCIDENT_S + 240, every=2)
    raised = {row["alert_id"] for row in errors_of_the_shop(busy_platform, began_ms)}

    def delivered() -> list[dict[str, Any]]:
        return [json.loads(content)["alert"] for _, content in list(receiver.requests)]

    def all_resolved() -> bool:
        return raised <= {one["alert_id"] for one in delivered() if one["state"] == "resolved"}

    await_true(all_resolved, "the delivery of each resolved alert", 30)
    assert raised <= {one["alert_id"] for one in delivered() if one["state"] == "open"}
    for headers, content in receiver.requests:
        signed = hmac.new(key, f"{headers['X-Footfall-Timestamp']}.".encode() + content, hashlib.sha256)
        assert headers["X-Footfall-Signature"] == f"sha256={signed.hexdigest()}"

"""An order that a site's server sends, again after the collector was killed: it counts once, everywhere."""

import json
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.support.platform import Platform, await_true


@pytest.fixture(scope="module")
def bakery(busy_platform: Platform) -> Iterator[str]:
    """The key of a site that was added with one command, and has no pages."""
    added = busy_platform.run("site", "add", "bakery")
    assert added.returncode == 0, added.stderr
    key = busy_platform.run("site", "key", "bakery")
    assert key.returncode == 0, key.stderr
    yield Path(key.stdout.strip()).read_text()
    removed = busy_platform.run("site", "remove", "bakery")
    assert removed.returncode == 0, removed.stderr


def test_an_order_that_is_sent_again_counts_once(busy_platform: Platform, bakery: str) -> None:
    now = datetime.now(timezone.utc)

    def event(number: int, at: datetime, **fields: Any) -> dict[str, Any]:
        return {"id": f"e{number}", "type": "purchase", "time": at.isoformat(), "user_id": "anna", **fields}

    sent = [
        event(1, now, order_id="1", value_cents=2499, currency="EUR"),
        event(2, now, type="custom", name="invoice sent"),
        event(3, now, type="error", error_code="declined"),
        # Of two days ago: it is in the archive and in its day's tables, as late events are.
        event(4, now - timedelta(days=2), order_id="2", value_cents=100),
    ]

    def send() -> None:
        request = urllib.request.Request(
            f"http://localhost:{busy_platform.settings.port('collector')}/v1/events?site=bakery",
            json.dumps(sent).encode(),
            {"Authorization": f"Bearer {bakery}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert (answer.status, json.load(answer)) == (202, {"accepted": len(sent), "rejected": []})

    def counted() -> list[int]:
        rows = busy_platform.query("live-metrics", "--app", "bakery", "--minutes", "30")
        return [sum(row[name] for row in rows) for name in ("events", "page_views", "errors")]

    send()
    await_true(lambda: counted() == [3, 0, 1], "the events in the figures", 30, every=0.5)
    busy_platform.await_back("collector", busy_platform.kill_service("collector"))
    send()
    report = busy_platform.assert_verified()
    hours = [hour for hour in report["hours"] if hour["app_id"] == "bakery"]
    sums = {name: sum(hour[name] for hour in hours) for name in ("in_kafka", "counted", "archived", "repeats")}
    assert sums == {"in_kafka": 4, "counted": 4, "archived": 4, "repeats": 4}
    assert counted() == [3, 0, 1]
    active = [row for row in busy_platform.query("live-active-users") if row["app_id"] == "bakery"]
    assert [row["active_30m"] for row in active] == [1]

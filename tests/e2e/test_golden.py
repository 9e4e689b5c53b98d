"""Visits of a fixed seed on empty stores, before any other visit: every figure is known in advance.

The oracle reads the ledger and Kafka's records, and counts them with plain dictionaries.
"""

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from footfall.names import TOPIC_EVENTS
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES
from footfall.sites.visitors import ledger
from footfall.sites.visitors.fixed import run_visits
from footfall.verification.kafka_log import KafkaLog
from tests.support.platform import Platform, await_true

VISITS = 12
SEED = 4_1971
PACE = 20.0


@dataclass
class Golden:
    """The events that `run_visits` reports as sent, and the records in Kafka."""

    sent: dict[str, dict[str, int]]
    records: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))


@pytest.fixture(scope="module")
def golden(platform: Settings) -> Golden:
    paced = platform.model_copy(update={"visitors_per_site": 6})
    with ThreadPoolExecutor(len(DEMO_SITES)) as pool:
        sent = pool.map(lambda app: run_visits(paced, app, VISITS, seed=SEED, pace=PACE, bots=2), DEMO_SITES)
        found = Golden(dict(zip(DEMO_SITES, sent, strict=True)))
    running = Platform(platform)
    running.assert_verified()
    log = KafkaLog(platform.kafka_bootstrap)
    for partition, (start, end) in log.bounds(TOPIC_EVENTS, range(platform.events_partitions)).items():
        for record in log.read(TOPIC_EVENTS, partition, start, end):
            event = orjson.loads(record.value)
            found.records[event["app_id"]].append(event)
    return found


@pytest.mark.parametrize("app", DEMO_SITES)
def test_each_accepted_event_is_in_kafka_once(platform: Settings, golden: Golden, app: str) -> None:
    entries = list(ledger.read(platform, app))
    accepted = {(e.session_id, e.event_id) for e in entries if e.kind == "accepted"}
    attempted = {(e.session_id, e.event_id) for e in entries if e.kind == "attempted"}
    stored = Counter((e["session_id"], e["event_id"]) for e in golden.records[app])
    assert accepted == set(stored) <= attempted
    assert set(stored.values()) == {1}
    events = {name: n for name, n in golden.sent[app].items() if name not in ("visits", "pages")}
    assert Counter(e["event_type"] for e in golden.records[app]) == events
    assert golden.sent[app]["visits"] == VISITS + 2


@pytest.mark.parametrize("app", DEMO_SITES)
def test_minutes_are_exact(platform: Settings, golden: Golden, app: str) -> None:
    expected: dict[str, Counter[str]] = defaultdict(Counter)
    visitors: dict[str, set[str]] = defaultdict(set)
    for event in golden.records[app]:
        if event["is_bot"]:
            continue
        minute = event["event_time"][:16] + ":00.000Z"
        expected[minute]["events"] += 1
        expected[minute]["page_views"] += event["event_type"] == "page_view"
        failed = event["event_type"] == "page_view" and event.get("http_status", 0) >= 500
        expected[minute]["errors"] += failed or event["event_type"] == "error"
        visitors[minute].add(event["anonymous_id"])
    rows = Platform(platform).query("live-metrics", "--app", app, "--minutes", "1440")
    shown = {row["minute_at"]: row for row in rows if row["events"]}
    assert set(shown) == set(expected)
    for minute, counts in expected.items():
        row = shown[minute]
        assert {name: row[name] for name in counts} == dict(counts), minute
        assert row["visitors"] == len(visitors[minute]), minute


def test_people_and_bots_are_counted_separately(platform: Settings, golden: Golden) -> None:
    rows = {row["app_id"]: row for row in Platform(platform).query("live-active-users")}
    for app in DEMO_SITES:
        people = {e["anonymous_id"] for e in golden.records[app] if not e["is_bot"]}
        crawlers = {e["anonymous_id"] for e in golden.records[app] if e.get("bot_reason") == "agent"}
        assert people
        assert len(crawlers) == 2
        # All visits happened within the last half hour, because they are the first on this platform.
        assert rows[app]["active_30m"] == len(people)


@pytest.mark.parametrize("app", DEMO_SITES)
def test_a_session_contains_the_whole_visit(platform: Settings, golden: Golden, app: str) -> None:
    sessions: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in golden.records[app]:
        sessions[event["session_id"]].append(event)
    longest = max(sessions.values(), key=len)
    rows = Platform(platform).query("session", "--session", longest[0]["session_id"])
    ordered = sorted(longest, key=lambda e: (e["seq"], e["event_id"]))
    assert [(r["seq"], r["event_at"], r["event_type"], r["page_path"]) for r in rows] == [
        (e["seq"], e["event_time"], e["event_type"], e.get("page_path")) for e in ordered
    ]
    views = [e for e in ordered if e["event_type"] == "page_view"]
    person = Platform(platform).query("recent-pages", "--user", longest[0]["anonymous_id"])
    of_session = [r["page_path"] for r in person if r["session_id"] == longest[0]["session_id"]]
    newest = sorted(views, key=lambda e: (e["event_time"], e["seq"], e["event_id"]), reverse=True)
    assert of_session == [e["page_path"] for e in newest][: len(of_session)]
    assert of_session


def test_figures_appear_within_seconds_of_the_visit(platform: Settings, golden: Golden) -> None:
    def counted() -> int:
        return sum(row["events"] for row in Platform(platform).query("live-metrics", "--app", "shop"))

    before = counted()
    run_visits(platform.model_copy(update={"visitors_per_site": 2}), "shop", 2, seed=SEED + 1, pace=PACE)
    await_true(lambda: counted() > before, "new events in live-metrics", 10)

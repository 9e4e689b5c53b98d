"""Made days in Kafka, the ledger and HDFS of a running platform: each event once, and the live figures as they were."""

import os
import random
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from confluent_kafka import Consumer, TopicPartition

from footfall.events.validate import check_stored
from footfall.hdfs import Hdfs
from footfall.logs import layout
from footfall.names import LOG_KINDS, TOPIC_EVENTS
from footfall.settings import REPOSITORY, Settings
from footfall.site_registry import DEMO_SITES
from footfall.sites.visitors import ledger
from tests.support.platform import Platform, await_true
from tests.support.weblogs import readable


def _days(events_per_day: int) -> tuple[str, ...]:
    """Two days of a seed that has not been used yet, so that a platform may be tested twice."""
    seed = random.randrange(10**9)
    return "--days", "2", "--no-batch", "--events-per-day", str(events_per_day), "--users", "3000", "--seed", str(seed)


def _ends(settings: Settings) -> list[int]:
    """The end offset of each partition of events."""
    consumer = _consumer(settings)
    try:
        return [
            consumer.get_watermark_offsets(TopicPartition(TOPIC_EVENTS, number), timeout=30)[1]
            for number in range(settings.events_partitions)
        ]
    finally:
        consumer.close()


def _backfill(settings: Settings, since: list[int]) -> dict[tuple[str, str], dict[str, Any]]:
    """The backfilled events that Kafka took since then, by identity."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    ends = _ends(settings)
    consumer = _consumer(settings)
    try:
        for number, (at, end) in enumerate(zip(since, ends, strict=True)):
            consumer.assign([TopicPartition(TOPIC_EVENTS, number, at)])
            while at < end:
                # No more than exist: the consumer would wait for further ones until its time is over.
                for message in consumer.consume(min(1000, end - at), timeout=10):
                    offset, value = message.offset(), message.value()
                    assert offset is not None
                    assert value is not None
                    at = offset + 1
                    event = orjson.loads(value)
                    if event.get("backfill"):
                        found.setdefault((event["session_id"], event["event_id"]), event)
    finally:
        consumer.close()
    return found


def _consumer(settings: Settings) -> Consumer:
    return Consumer({"bootstrap.servers": settings.kafka_bootstrap, "group.id": "none", "enable.auto.commit": False})


@dataclass(frozen=True)
class Made:
    """Two made days: what was asked for and answered, and what there was before.

    complete: the figures of complete minutes; lines: the closed lines in HDFS by day.
    """

    days: tuple[str, ...]
    document: dict[str, Any]
    ends: list[int]
    complete: dict[tuple[str, str], dict[str, Any]]
    lines: dict[str, set[bytes]]


@pytest.fixture(scope="module")
def made(platform: Settings) -> Made:
    days, ends, complete, lines = _days(1500), _ends(platform), _complete_minutes(platform), _lines(platform)
    return Made(days, Platform(platform).json("history", *days), ends, complete, lines)


def test_made_days_are_stored_once_and_move_no_live_figure(platform: Settings, made: Made) -> None:
    asked, document = Platform(platform), made.document
    assert document["events"] == sum(day["events"] for day in document["days"])
    # The last visits of a site's day are played to their end.
    assert 2 * 1500 * 0.7 < document["events"] < 2 * 1500 * 1.6
    found = _backfill(platform, made.ends)
    events = list(found.values())
    assert Counter(event["event_time"][:10] for event in events) == {d["dt"]: d["events"] for d in document["days"]}
    assert all(check_stored(event) is None for event in events)
    assert {event["app_id"] for event in events} == set(DEMO_SITES)
    assert any("country" in event for event in events)
    accepted = {
        entry.event_id for app in DEMO_SITES for entry in ledger.read(platform, app) if entry.kind == "accepted"
    }
    assert {event_id for _, event_id in found} <= accepted
    again = _complete_minutes(platform)
    both = again.keys() & made.complete.keys()
    assert {minute: again[minute] for minute in both} == {minute: made.complete[minute] for minute in both}

    # A second time, everything is a repeat of what is there.
    between = _ends(platform)
    assert asked.json("history", *made.days)["days"] == document["days"]
    repeated = _backfill(platform, between)
    assert repeated.keys() ^ found.keys() == set()
    assert repeated == found


def _complete_minutes(settings: Settings) -> dict[tuple[str, str], dict[str, Any]]:
    rows = Platform(settings).query("live-metrics")
    return {(row["minute_at"], row["app_id"]): row for row in rows if row["is_complete"]}


def test_each_day_s_lines_are_in_hdfs_under_that_day(platform: Settings, made: Made) -> None:
    wanted = {day["dt"]: day["log_lines"] for day in made.document["days"]}
    assert min(wanted.values()) > 100

    def new() -> dict[str, int]:
        now = _lines(platform)
        return {day: len(now.get(day, set()) - made.lines.get(day, set())) for day in wanted}

    # While a file is written, the beginning of a line may be there as if it were one.
    await_true(lambda: new() == wanted, f"{wanted} new lines in HDFS", 120, every=2)


def _lines(settings: Settings) -> dict[str, set[bytes]]:
    """The distinct closed lines in HDFS, by day."""
    hdfs = Hdfs(settings)
    found: dict[str, set[bytes]] = {}
    for kind in LOG_KINDS:
        for day, folder in layout.days(hdfs, kind).items():
            lines = found.setdefault(str(day), set())
            for file in hdfs.list(folder):
                lines.update(readable(hdfs, file.path).splitlines())
    return found


def test_a_killed_run_is_completed_by_the_same_command(verified_platform: Platform) -> None:
    platform = verified_platform.settings
    before, days = _ends(platform), _days(6000)
    process = subprocess.Popen(
        [sys.executable, "-m", "footfall", "history", *days],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "src")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await_true(lambda: bool(_backfill(platform, before)), "the first made events in Kafka", 120)
    finally:
        process.kill()
        process.wait()
    made = verified_platform.json("history", *days)
    assert len(_backfill(platform, before)) == made["events"]

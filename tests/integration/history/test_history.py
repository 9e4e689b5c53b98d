"""Made days in Kafka, the ledger and HDFS of a running platform: each event once, and the live figures as they were."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson
from confluent_kafka import Consumer, TopicPartition

from footfall.events.validate import check_stored
from footfall.hdfs import Hdfs
from footfall.logs import places
from footfall.names import APP_IDS, EVENTS_PARTITIONS, LOG_KINDS, TOPIC_EVENTS
from footfall.settings import REPOSITORY, Settings
from footfall.sites.visitors import ledger
from tests.support.platform import Platform, await_true

_DAYS = ("--days", "2", "--events-per-day", "1500", "--users", "3000", "--seed")


def _backfill(settings: Settings) -> Iterator[dict[str, Any]]:
    """Every backfilled event that Kafka holds."""
    places_ = [TopicPartition(TOPIC_EVENTS, number) for number in range(EVENTS_PARTITIONS)]
    consumer = Consumer(
        {"bootstrap.servers": settings.kafka_bootstrap, "group.id": "none", "enable.auto.commit": False}
    )
    try:
        for place in places_:
            first, end = consumer.get_watermark_offsets(place, timeout=30)
            consumer.assign([TopicPartition(TOPIC_EVENTS, place.partition, first)])
            at = first
            while at < end:
                for message in consumer.consume(1000, timeout=10):
                    at = message.offset() + 1
                    event = orjson.loads(message.value())
                    if event.get("backfill"):
                        yield event
    finally:
        consumer.close()


def _identities(settings: Settings) -> set[tuple[str, str]]:
    return {(event["session_id"], event["event_id"]) for event in _backfill(settings)}


def test_made_days_are_stored_once_and_move_no_live_figure(platform: Settings) -> None:
    asked = Platform(platform)
    before = _identities(platform)
    metrics = {(row["minute_at"], row["app_id"]): row for row in asked.query("live-metrics") if row["is_complete"]}
    made = asked.json("history", *_DAYS, "11")
    assert made["events"] == sum(day["events"] for day in made["days"])
    # The last visits of a site's day are made to their end.
    assert 2 * 1500 * 0.7 < made["events"] < 2 * 1500 * 1.6
    found = _identities(platform) - before
    assert len(found) == made["events"]
    events = [event for event in _backfill(platform) if (event["session_id"], event["event_id"]) in found]
    assert Counter(event["event_time"][:10] for event in events) == {d["dt"]: d["events"] for d in made["days"]}
    assert all(check_stored(event) is None for event in events)
    assert len({event["app_id"] for event in events}) == len(APP_IDS)
    assert any("country" in event for event in events)
    accepted = {entry.event_id for app in APP_IDS for entry in ledger.read(platform, app) if entry.kind == "accepted"}
    assert {event_id for _, event_id in found} <= accepted
    again = {(row["minute_at"], row["app_id"]): row for row in asked.query("live-metrics") if row["is_complete"]}
    assert {key: row for key, row in again.items() if key in metrics} == {
        k: r for k, r in metrics.items() if k in again
    }
    asked.assert_verified()

    # A second time, everything is a repeat of what is there.
    assert asked.json("history", *_DAYS, "11")["days"] == made["days"]
    assert _identities(platform) - before == found
    asked.assert_verified()


def test_each_day_s_lines_are_in_hdfs_under_that_day(platform: Settings) -> None:
    before = _lines(platform)
    made = Platform(platform).json("history", *_DAYS, "12")
    wanted = {day["dt"]: day["log_lines"] for day in made["days"]}
    assert min(wanted.values()) > 100

    def arrived() -> bool:
        now = _lines(platform)
        return all(len(now.get(day, set()) - before.get(day, set())) >= lines for day, lines in wanted.items())

    await_true(arrived, "the made lines in HDFS", 120, every=2)
    now = _lines(platform)
    assert {day: len(now[day] - before.get(day, set())) for day in wanted} == wanted


def _lines(settings: Settings) -> dict[str, set[bytes]]:
    """The distinct closed lines in HDFS, by day."""
    hdfs = Hdfs(settings)
    found: dict[str, set[bytes]] = {}
    for kind in LOG_KINDS:
        for day, folder in places.days(hdfs, kind).items():
            lines = found.setdefault(str(day), set())
            for file in hdfs.list(folder):
                lines.update((hdfs.read(file.path) or b"").splitlines())
    return found


def test_what_was_killed_is_completed_by_the_same_again(platform: Settings) -> None:
    before = _identities(platform)
    many = ("--days", "2", "--events-per-day", "6000", "--seed", "13")
    process = subprocess.Popen(
        [sys.executable, "-m", "footfall", "history", *many],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "src")},
        stderr=subprocess.DEVNULL,
    )
    try:
        await_true(lambda: len(_identities(platform)) > len(before), "the first made events in Kafka", 120)
    finally:
        process.kill()
        process.wait()
    made = Platform(platform).json("history", *many)
    assert len(_identities(platform) - before) == made["events"]
    Platform(platform).assert_verified()

"""A plain Python consumer that computes the same windows: no repeats, windows in dicts and sets, nothing stored."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson
from confluent_kafka import Consumer, TopicPartition

from bench.live.backlog import Offsets
from footfall import names
from footfall.events.times import parse_rfc3339_ms
from footfall.settings import Settings

FIVE = 5


class Record(NamedTuple):
    """A record of the topic `events`."""

    partition: int
    key: bytes
    value: bytes


class Window:
    """The figures of one window for one dimension value."""

    __slots__ = ("engaged_ms", "errors", "page_views", "responses_ms", "visitors", "visits")

    def __init__(self) -> None:
        self.page_views = self.engaged_ms = self.errors = 0
        self.visits: set[str] = set()
        self.visitors: set[str] = set()
        self.responses_ms: list[int] = []


# A window's length and start in minutes, the app, the dimension and its value.
Key = tuple[int, int, str, str, str | None]


def records(settings: Settings, start: Offsets, end: Offsets) -> Iterator[Record]:
    """The records between these offsets."""
    consumer = Consumer(
        {
            "bootstrap.servers": settings.kafka_bootstrap,
            "group.id": "bench-stream",
            "enable.auto.commit": False,
            # The default of one second makes a fast reader wait.
            "fetch.queue.backoff.ms": 5,
        }
    )
    consumer.assign([TopicPartition(names.TOPIC_EVENTS, p, start[p]) for p in end if start[p] < end[p]])
    left = sum(end.values()) - sum(start.values())
    while left > 0:
        for message in consumer.consume(10_000, 1.0):
            partition, offset, value = message.partition(), message.offset(), message.value()
            # Only messages that are errors lack them.
            if partition is not None and offset is not None and value is not None and offset < end[partition]:
                left -= 1
                yield Record(partition, message.key() or b"", value)
    consumer.close()


def windows(values: Iterable[bytes]) -> dict[Key, Window]:
    """Every window without bots; visits and visitors are sets."""
    known: set[tuple[str, str]] = set()
    found: dict[Key, Window] = defaultdict(Window)
    for value in values:
        event = orjson.loads(value)
        identity = event["session_id"], event["event_id"]
        if identity in known:
            continue
        known.add(identity)
        if event["is_bot"]:
            continue
        app, minute, kind = event["app_id"], parse_rfc3339_ms(event["event_time"]) // 60_000, event["event_type"]
        view, path = kind == "page_view", event.get("page_path")
        failed = kind == "error" or (view and event.get("http_status", 0) >= 500)
        places = [("app", app), ("country", event.get("country")), ("device", event.get("device_type"))]
        if path is not None:
            places += [("page", path), ("section", event.get("page_section"))]
        for place in places:
            for length, start in [(1, minute), *((FIVE, minute - age) for age in range(FIVE))]:
                key = (length, start, app, *place)
                window = found[key]
                window.page_views += view
                window.errors += failed
                window.engaged_ms += event.get("engaged_ms", 0) if kind == "page_ping" else 0
                window.visits.add(event["session_id"])
                window.visitors.add(event["anonymous_id"])
                if view and "response_ms" in event:
                    window.responses_ms.append(event["response_ms"])
    for window in found.values():
        window.responses_ms.sort()
    return found


def by_python(settings: Settings, start: Offsets, end: Offsets) -> dict[str, Any]:
    """The speed of counting these records in this process."""
    began_s = time.monotonic()
    found = windows(record.value for record in records(settings, start, end))
    seconds = time.monotonic() - began_s
    count = sum(end.values()) - sum(start.values())
    return {"events_per_s": round(count / seconds), "seconds": round(seconds, 1), "windows": len(found)}

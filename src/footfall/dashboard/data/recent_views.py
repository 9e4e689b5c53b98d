"""The newest page views of all visitors, from the tail of topic `events`.

No table in HBase is ordered by time over all visitors, and this panel does not justify one: the log has that order.
The reader joins no consumer group and commits nothing. While no page is open, it reads nothing.
"""

import logging
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import orjson
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from footfall.dashboard.data.errors import Unavailable
from footfall.events.times import parse_rfc3339_ms
from footfall.metrics.page_views import is_page_view
from footfall.names import TOPIC_EVENTS

log = logging.getLogger(__name__)

KEPT = 60
# Records of each partition that are read when a page opens, so that the stream does not begin empty.
_TAIL = 60
# If more records arrived between two reads, the older ones are skipped: the stream shows only the newest.
_MOST_AT_ONCE = 4_000
# After a longer pause, the consumer's fetched records are old, so it seeks to the tail again.
_PAUSE_S = 15.0
# Shorter than the page's patience, so that the page can name the engine that is down.
_TIMEOUT_S = 1.5
# Remembered identities per kept page view. Clients repeat an event within seconds, not hours.
_REMEMBERED = 20


@dataclass(frozen=True)
class PageView:
    """One page view of a person, with the fields that the stream shows."""

    event_ms: int
    app_id: str
    anonymous_id: str
    user_id: str | None
    session_id: str
    page_path: str
    page_title: str | None
    previous_path: str | None
    country: str | None
    http_status: int | None


class Recent:
    """The newest page views, each once. Pure."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._views: dict[tuple[str, str], PageView] = {}
        # Identities are remembered longer than their page views; otherwise a late repeat would look new.
        self._known: deque[tuple[str, str]] = deque()
        self._seen: set[tuple[str, str]] = set()

    def add(self, value: bytes) -> None:
        """Adds a stored event if it is a new page view of a person. Ignores other events, repeats and backfill.

        It also ignores records that are no events: the stream shows the log and does not judge it.
        """
        try:
            event = orjson.loads(value)
            if not is_page_view(event["event_type"]) or event.get("is_bot") or event.get("backfill"):
                return
            identity = event["session_id"], event["event_id"]
            view = PageView(
                event_ms=parse_rfc3339_ms(event["event_time"]),
                app_id=event["app_id"],
                anonymous_id=event["anonymous_id"],
                user_id=event.get("user_id"),
                session_id=event["session_id"],
                page_path=event["page_path"],
                page_title=event.get("page_title"),
                previous_path=event.get("previous_path"),
                country=event.get("country"),
                http_status=event.get("http_status"),
            )
        except (ValueError, KeyError, TypeError):
            return
        if identity in self._seen:
            return
        self._seen.add(identity)
        self._known.append(identity)
        if len(self._known) > _REMEMBERED * self._kept:
            self._seen.remove(self._known.popleft())
        self._views[identity] = view
        if len(self._views) > 2 * self._kept:
            best = sorted(self._views.items(), key=_newest_first)
            self._views = dict(best[: self._kept])

    def newest(self) -> list[PageView]:
        """The newest, newest first."""
        return [view for _, view in sorted(self._views.items(), key=_newest_first)[: self._kept]]


def _newest_first(item: tuple[tuple[str, str], PageView]) -> tuple[int, tuple[str, str]]:
    identity, view = item
    return -view.event_ms, identity


class Tail:
    """Continues where the last read ended. For one thread."""

    def __init__(self, bootstrap: str, partitions: int) -> None:
        """bootstrap: addresses of Kafka's brokers. partitions: the number of those of `events`."""
        self._bootstrap = bootstrap
        self._partitions = partitions
        self._recent = Recent()
        self._read_s = float("-inf")
        self._trouble: KafkaError | None = None
        self._consumer: Any = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "broker.address.family": "v4",
                "group.id": "footfall-dashboard",
                "enable.auto.commit": False,
                "auto.offset.reset": "latest",
                # With the default of 10 s, the stream would stand still long after Kafka is back.
                "reconnect.backoff.max.ms": 1000,
                # Limits the records that are fetched while no page is open.
                "queued.max.messages.kbytes": 2048,
                # The page reports that Kafka is down; the client need not log it every second as well.
                "log_level": 2,
                "error_cb": self._note,
            }
        )

    def latest(self) -> list[PageView]:
        """The newest page views, newest first. Raises Unavailable."""
        try:
            now_s = time.monotonic()
            seeks = now_s - self._read_s > _PAUSE_S or self._trouble is not None
            if seeks:
                self._seek_tail()
                self._trouble = None
            # The first fetch after a seek waits for the broker; later records have been fetched already.
            messages = self._consumer.consume(_MOST_AT_ONCE, timeout=1.0 if seeks else 0.1)
            self._read_s = now_s
            if len(messages) == _MOST_AT_ONCE:
                self._seek_tail()
        except KafkaException as error:
            raise self._unreadable(error) from None
        for message in messages:
            if message.error() is not None:
                self._trouble = message.error()
            else:
                self._recent.add(message.value())
        if self._trouble is not None:
            raise self._unreadable(self._trouble)
        return self._recent.newest()

    def _seek_tail(self) -> None:
        partitions = []
        for number in range(self._partitions):
            partition = TopicPartition(TOPIC_EVENTS, number)
            low, high = self._consumer.get_watermark_offsets(partition, timeout=_TIMEOUT_S)
            partition.offset = max(low, high - _TAIL)
            partitions.append(partition)
        self._consumer.assign(partitions)

    def _note(self, error: KafkaError) -> None:
        if error.code() in (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT):
            self._trouble = error

    def _unreadable(self, error: object) -> Unavailable:
        log.debug("Reading the tail of %s: %s", TOPIC_EVENTS, error)
        return Unavailable(f"Kafka at {self._bootstrap} does not answer.")

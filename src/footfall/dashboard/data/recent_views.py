"""The newest page views of all visitors, from the tail of topic `events`.

No table in HBase is ordered by time over all visitors, and none should be for this: the tail of the log is that order.
The reader joins no group and commits nothing; nothing is read while no page is open.
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
from footfall.names import EVENTS_PARTITIONS, TOPIC_EVENTS

log = logging.getLogger(__name__)

KEPT = 60
# Records of each partition read again when a page is opened, so that the stream does not begin empty.
_TAIL = 60
# More than this between two looks is not worth reading: the stream shows the newest anyway.
_MOST_AT_ONCE = 4_000
# After a pause as long, what the consumer holds is old, and the tail is sought anew.
_PAUSE_S = 15.0
# Below the page's own patience, so that the reader is told what is down, not that something is slow.
_TIMEOUT_S = 1.5
# Identities known for each page view kept: a client repeats within seconds, not hours.
_REMEMBERED = 20


@dataclass(frozen=True)
class PageView:
    """One page view of a person, as much of it as the stream shows."""

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
        # Identities outlive their page views here, or a late repeat would count as new.
        self._known: deque[tuple[str, str]] = deque()
        self._seen: set[tuple[str, str]] = set()

    def add(self, value: bytes) -> None:
        """Takes a stored event in; what is no page view of a person, a repeat, or backfill changes nothing.

        Nor does what is no event: the stream is a look at the log, not a judge of it.
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
    """Reads on from where the last look ended. For one thread."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._recent = Recent()
        self._looked_s = float("-inf")
        self._trouble: KafkaError | None = None
        self._consumer: Any = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "broker.address.family": "v4",
                "group.id": "footfall-dashboard",
                "enable.auto.commit": False,
                "auto.offset.reset": "latest",
                # The default of 10 s would leave the stream standing well after Kafka is back.
                "reconnect.backoff.max.ms": 1000,
                # What is fetched while nobody looks stays this small.
                "queued.max.messages.kbytes": 2048,
                # The page says that Kafka is away; its client need not say so every second as well.
                "log_level": 2,
                "error_cb": self._note,
            }
        )

    def latest(self) -> list[PageView]:
        """The newest page views, newest first. Raises Unavailable."""
        try:
            now_s = time.monotonic()
            anew = now_s - self._looked_s > _PAUSE_S or self._trouble is not None
            if anew:
                self._seek_tail()
                self._trouble = None
            # The first fetch after a seek goes to the broker and back; later ones are there already.
            messages = self._consumer.consume(_MOST_AT_ONCE, timeout=1.0 if anew else 0.1)
            self._looked_s = now_s
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
        places = []
        for partition in range(EVENTS_PARTITIONS):
            place = TopicPartition(TOPIC_EVENTS, partition)
            low, high = self._consumer.get_watermark_offsets(place, timeout=_TIMEOUT_S)
            place.offset = max(low, high - _TAIL)
            places.append(place)
        self._consumer.assign(places)

    def _note(self, error: KafkaError) -> None:
        if error.code() in (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT):
            self._trouble = error

    def _unreadable(self, error: object) -> Unavailable:
        log.debug("Reading the tail of %s: %s", TOPIC_EVENTS, error)
        return Unavailable(f"Kafka at {self._bootstrap} does not answer.")

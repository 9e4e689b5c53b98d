"""The cut: the moment and the offsets at which the stores are compared, and the first hour that can be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from footfall.kafka.topics import Topic, TopicPartition
from footfall.settings import Retention
from footfall.verification.findings import HOUR_MS
from footfall.verification.kafka_log import Record

DAY_MS: Final = 24 * HOUR_MS
# Producers of several sites write side by side: a record may be this much older than one before it in the log.
_DISORDER_MS: Final = 60_000


class Log(Protocol):
    """How Kafka is read; `kafka_log.KafkaLog` in life."""

    def bounds(self, topic: str, partitions: list[int]) -> dict[int, tuple[int, int]]:
        """First offset held and next to be written, by partition."""

    def read(self, topic: str, partition: int, first: int, end: int) -> Iterable[Record]:
        """Records with first ≤ offset < end, in order of offset."""

    def time_ms(self, topic: str, partition: int, offset: int) -> int:
        """When the record at that offset was written."""


class Floor(NamedTuple):
    """hour: the first that is compared, since 1970. hides: whether anything may be left out by it."""

    hour: int
    hides: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """The point up to which every store is compared, and of which every total is.

    at_ms: the time T. starts, ends: first offset held and end E of each partition, taken after T.
    """

    at_ms: int
    topics: Mapping[str, Topic]
    starts: Mapping[TopicPartition, int]
    ends: Mapping[TopicPartition, int]


class PartitionRange(NamedTuple):
    """A partition as it is read: from `start` to before `end`, which is asked for after the stores' cells are read.

    cut: the end E that every store had to reach; what lies behind it is compared, but is of no total.
    """

    topic: str
    number: int
    start: int
    cut: int
    end: int


def bounds(log: Log, topics: Mapping[str, Topic]) -> dict[TopicPartition, tuple[int, int]]:
    """First offset and end of every partition."""
    return {
        (topic.name, partition): found
        for topic in topics.values()
        for partition, found in log.bounds(topic.name, list(range(topic.partitions))).items()
    }


def floor_of(
    log: Log,
    bounds: Mapping[TopicPartition, tuple[int, int]],
    retention: Retention,
    at_ms: int,
    since_ms: int | None,
    kept_from_hour: int,
) -> Floor:
    """The first hour that can be compared: the user's, where Kafka has forgotten, where a store was swept.

    kept_from_hour: the first hour (since 1970) that every store still holds whole, 0 if all do.
    """
    limits = [] if since_ms is None else [since_ms // HOUR_MS]
    for (topic, partition), (start, end) in bounds.items():
        if start > 0:
            # An empty log was emptied by time, never by size.
            kept_ms = log.time_ms(topic, partition, start) if start < end else at_ms - retention.kafka_days * DAY_MS
            limits.append(next_hour(kept_ms + _DISORDER_MS))
    known = max(limits, default=0)
    return Floor(max(known, kept_from_hour), bool(limits) and known >= kept_from_hour)


def next_hour(ms: int) -> int:
    """The first hour (since 1970) that begins at or after a time (ms since 1970)."""
    return -(-ms // HOUR_MS)


def partition_name(place: TopicPartition) -> str:
    """How a partition is named to people: `TOPIC/NUMBER`."""
    return f"{place[0]}/{place[1]}"

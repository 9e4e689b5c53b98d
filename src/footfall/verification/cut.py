"""The cut: the time and the offsets at which the stores are compared, and the first hour that can be compared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from footfall.kafka.topics import Topic, TopicPartition
from footfall.names import TOPIC_EVENTS
from footfall.setting_groups import Retention
from footfall.verification.findings import HOUR_MS
from footfall.verification.kafka_log import Record

DAY_MS: Final = 24 * HOUR_MS
# Producers of several sites write concurrently, so a record may be this much older than the one before it in the log.
_DISORDER_MS: Final = 60_000


class Log(Protocol):
    """Reads Kafka. `kafka_log.KafkaLog` implements it."""

    def bounds(self, topic: str, partitions: list[int]) -> dict[int, tuple[int, int]]:
        """First offset held and next offset to be written, by partition."""

    def read(self, topic: str, partition: int, first: int, end: int) -> Iterable[Record]:
        """Records with first ≤ offset < end, in order of offset."""

    def time_ms(self, topic: str, partition: int, offset: int) -> int:
        """The time at which the record at that offset was written, ms since 1970."""


class Floor(NamedTuple):
    """The first hour that is compared.

    hour: hours since 1970. hides: whether events before that hour may exist.
    """

    hour: int
    hides: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """The point up to which every store is compared and every total is summed.

    at_ms: the time T. starts, ends: first offset held and end E of each partition, read after T.
    """

    at_ms: int
    topics: Mapping[str, Topic]
    starts: Mapping[TopicPartition, int]
    ends: Mapping[TopicPartition, int]

    @property
    def events_partitions(self) -> int:
        """The number of partitions that the topic `events` has."""
        return self.topics[TOPIC_EVENTS].partitions


class PartitionRange(NamedTuple):
    """The offsets of a partition that are read: start ≤ offset < end. `end` is read after the stores' cells.

    cut: the end E that every store had to reach. Records from there on are compared, but no total includes them.
    """

    topic: str
    number: int
    start: int
    cut: int
    end: int


def bounds(log: Log, topics: Mapping[str, Topic]) -> dict[TopicPartition, tuple[int, int]]:
    """First offset held and end of every partition."""
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
    """The first hour that can be compared: limited by the user, by Kafka's retention, and by that of the stores.

    kept_from_hour: the first hour (since 1970) that every store still holds completely; 0 if nothing was deleted.
    """
    limits = [] if since_ms is None else [since_ms // HOUR_MS]
    for (topic, partition), (start, end) in bounds.items():
        if start > 0:
            # If a log is empty, retention by time emptied it; retention by size never empties one.
            kept_ms = log.time_ms(topic, partition, start) if start < end else at_ms - retention.kafka_days * DAY_MS
            limits.append(next_hour(kept_ms + _DISORDER_MS))
    known = max(limits, default=0)
    return Floor(max(known, kept_from_hour), bool(limits) and known >= kept_from_hour)


def next_hour(ms: int) -> int:
    """The first hour (since 1970) that begins at or after a time (ms since 1970)."""
    return -(-ms // HOUR_MS)


def partition_name(partition: TopicPartition) -> str:
    """The name of a partition in messages: `TOPIC/NUMBER`."""
    return f"{partition[0]}/{partition[1]}"

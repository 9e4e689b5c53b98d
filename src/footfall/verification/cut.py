"""The cut: the moment and the offsets at which the stores are compared, and the first hour that can be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from footfall.kafka.topics import Topic, TopicPartition
from footfall.realtime.lag import PartitionState, uncounted
from footfall.settings import Retention
from footfall.verification.findings import HOUR_MS, Findings
from footfall.verification.kafka_log import Record

_DAY_MS: Final = 24 * HOUR_MS
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
    """at_ms: T. starts, ends: first offset held and E, taken after T. states: progress, read when it had reached E.

    accepted_before_ms: by app, what was accepted before that time was on its way into Kafka before E was taken.
    """

    at_ms: int
    topics: Mapping[str, Topic]
    starts: Mapping[TopicPartition, int]
    ends: Mapping[TopicPartition, int]
    states: Mapping[TopicPartition, PartitionState]
    accepted_before_ms: Mapping[str, int]

    def counted(self, place: TopicPartition) -> int:
        """The last offset that is counted; before the log's first if none is."""
        progress = self.states[place].progress
        return self.starts[place] - 1 if progress is None else progress.offset


def bounds(log: Log, topics: Mapping[str, Topic]) -> dict[TopicPartition, tuple[int, int]]:
    """First offset and end of every partition."""
    return {
        (topic.name, partition): found
        for topic in topics.values()
        for partition, found in log.bounds(topic.name, list(range(topic.partitions))).items()
    }


def behind(
    starts: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
    states: Mapping[TopicPartition, PartitionState],
) -> dict[TopicPartition, int]:
    """Records below the ends that are not counted yet, by partition, where there are any."""
    waiting = {place: uncounted(starts[place], end, states[place].progress) for place, end in ends.items()}
    return {place: records for place, records in waiting.items() if records}


def judge_progress(cut: Cut, findings: Findings) -> None:
    """Names what is wrong with how far the live tables are, before anything is compared."""
    for place, records in behind(cut.starts, cut.ends, cut.states).items():
        sentence = (
            f"{records} records of {_name(place)} are not counted yet: {cut.counted(place) + 1} of {cut.ends[place]}."
        )
        findings.say("live", "behind", sentence)
    for place, state in sorted(cut.states.items()):
        for first, end, _ in state.lost:
            sentence = f"Offsets {first} to {end - 1} of {_name(place)} were gone from Kafka before they were counted."
            findings.say("live", "lost", sentence)
        topic, progress = cut.topics[place[0]], state.progress
        if progress is not None and (progress.topic_id, progress.partitions) != (topic.id, topic.partitions):
            sentence = f"{_name(place)} was counted from another topic of that name; see `footfall rebuild live`."
            findings.say("live", "topic_differs", sentence)


def floor_of(
    log: Log,
    bounds: Mapping[TopicPartition, tuple[int, int]],
    retention: Retention,
    at_ms: int,
    since_ms: int | None,
    newest_minute: int | None,
) -> Floor:
    """The first hour that can be compared: the user's, where Kafka has forgotten, where the live tables were swept.

    newest_minute: of the live tables, since 1970; the sweeper counts back from it.
    """
    limits = [] if since_ms is None else [since_ms // HOUR_MS]
    for (topic, partition), (start, end) in bounds.items():
        if start > 0:
            # An empty log was emptied by time, never by size.
            kept_ms = log.time_ms(topic, partition, start) if start < end else at_ms - retention.kafka_days * _DAY_MS
            limits.append(_next_hour(kept_ms + _DISORDER_MS))
    swept = 0
    if newest_minute is not None:
        # The sweeper may be at work now, with a newest minute that came later.
        swept = max(0, _next_hour(newest_minute * 60_000 - retention.live_days * _DAY_MS) + 1)
    known = max(limits, default=0)
    return Floor(max(known, swept), bool(limits) and known >= swept)


def _next_hour(ms: int) -> int:
    return -(-ms // HOUR_MS)


def _name(place: TopicPartition) -> str:
    return f"{place[0]}/{place[1]}"

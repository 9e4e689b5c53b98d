"""How far the live figures are behind Kafka, and whether the counted log is still the one that Kafka holds."""

import time
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgpack

from footfall.errors import EngineUnavailable
from footfall.kafka.logs import Logs, describe
from footfall.kafka.topics import Bounds, KafkaUnavailable, Topic, TopicPartition
from footfall.names import CONSUMER_GROUP_LIVE
from footfall.realtime import tables
from footfall.realtime.errors import DeployError
from footfall.realtime.store import HBaseStore, HBaseUnavailable
from footfall.realtime.tables import Progress
from footfall.settings import Settings

_REBUILD: Final = "`./footfall rebuild live` counts again all that Kafka holds."


class LagUnknown(DeployError, EngineUnavailable):
    """Kafka or HBase did not answer; the message is one sentence."""


class ProgressRefused(DeployError):
    """The counted log is not the one that Kafka holds; the message is a sentence with the remedy."""


class PartitionState(NamedTuple):
    """The state of one partition in the live tables. Times are in ms since 1970, 0 if never."""

    progress: Progress | None
    caught_up_ms: int
    lost: tuple[tuple[int, int, int], ...]  # first offset, end, time of detection


class LiveLag(NamedTuple):
    """records: the uncounted records of all partitions. partitions: the same for each partition.

    age_s: seconds since all partitions were last caught up; None if one of them never was.
    """

    records: int
    age_s: float | None
    partitions: dict[TopicPartition, int]


def lag(settings: Settings) -> LiveLag:
    """How far the live figures are behind now. Raises LagUnknown."""
    store = HBaseStore(settings)
    try:
        topics = describe(settings)
        with Logs(settings) as logs:
            bounds = logs.bounds(topics)
        states = read_states(store, topics)
    except (KafkaUnavailable, HBaseUnavailable) as error:
        raise LagUnknown(str(error)) from None
    finally:
        store.close()
    return measure(bounds, states, time.time())


def measure(
    bounds: Mapping[TopicPartition, Bounds], states: Mapping[TopicPartition, PartitionState], now_s: float
) -> LiveLag:
    """Computes the lag. now_s: seconds since 1970."""
    waiting = {}
    oldest_ms = now_s * 1000
    for topic_partition, bound in bounds.items():
        state = states[topic_partition]
        waiting[topic_partition] = uncounted(bound.start, bound.end, state.progress)
        oldest_ms = min(oldest_ms, state.caught_up_ms)
    age_s = max(0.0, now_s - oldest_ms / 1000) if oldest_ms else None
    return LiveLag(sum(waiting.values()), age_s, waiting)


def uncounted(start: int, end: int, progress: Progress | None) -> int:
    """The number of records with offsets from `start` to `end` - 1 that are not counted yet."""
    reached = start if progress is None else max(start, progress.offset + 1)
    return max(0, end - reached)


def read_states(store: HBaseStore, topics: Mapping[str, Topic]) -> dict[TopicPartition, PartitionState]:
    """Reads the state of every partition from `progress`. Raises HBaseUnavailable."""
    topic_partitions = {
        tables.progress_key(topic.name, partition): (topic.name, partition)
        for topic in topics.values()
        for partition in range(topic.partitions)
    }
    found = dict(store.read_rows("progress", list(topic_partitions)))
    return {topic_partition: _state(found.get(key, {})) for key, topic_partition in topic_partitions.items()}


def check_before_deploy(settings: Settings) -> None:
    """Ensures that the topology will start where counting ended: sets the group's offsets back if they are ahead.

    Raises ProgressRefused if progress does not belong to Kafka's log, LagUnknown if Kafka or HBase is unavailable.
    """
    store = HBaseStore(settings)
    try:
        topics = describe(settings)
        states = read_states(store, topics)
        with Logs(settings, CONSUMER_GROUP_LIVE) as logs:
            back = positions(topics, logs.bounds(topics), logs.committed(topics), states)
            if back:
                logs.rewind(back)
    except (KafkaUnavailable, HBaseUnavailable) as error:
        raise LagUnknown(str(error)) from None
    finally:
        store.close()


def positions(
    topics: Mapping[str, Topic],
    bounds: Mapping[TopicPartition, Bounds],
    committed: Mapping[TopicPartition, int | None],
    states: Mapping[TopicPartition, PartitionState],
) -> dict[TopicPartition, int]:
    """The offset that the group must be set back to, for each partition that needs it. Raises ProgressRefused."""
    back = {}
    for topic_partition, bound in bounds.items():
        topic, progress = topics[topic_partition[0]], states[topic_partition].progress
        name = f"{topic_partition[0]}/{topic_partition[1]}"
        if progress is None:
            wanted = bound.start
        elif progress.topic_id != topic.id:
            raise ProgressRefused(f"Kafka's topic {topic.name} was recreated since it was counted. {_REBUILD}")
        elif progress.partitions != topic.partitions:
            raise ProgressRefused(
                f"Kafka's topic {topic.name} has {topic.partitions} partitions, not {progress.partitions}. {_REBUILD}"
            )
        elif bound.end < progress.offset + 1:
            raise ProgressRefused(
                f"Kafka's log of {name} ends at offset {bound.end}, but everything before {progress.offset + 1} is "
                f"counted: Kafka lost its tail. {_REBUILD}"
            )
        else:
            wanted = progress.offset + 1
        # A group that is behind is harmless, since counted records are skipped; one that is ahead would lose records.
        # Without a committed position, reading begins where the log begins. If that is ahead, counting would wait for
        # the records before it and never report them as lost.
        position = committed[topic_partition]
        begins = bound.start if position is None else position
        if begins > wanted:
            back[topic_partition] = wanted
    return back


def _state(cells: Mapping[bytes, bytes]) -> PartitionState:
    progress, caught_up, lost = (
        cells.get(column) for column in (tables.PROGRESS_COLUMN, tables.CAUGHT_UP_COLUMN, tables.LOST_COLUMN)
    )
    return PartitionState(
        tables.decode_progress(progress) if progress is not None else None,
        msgpack.unpackb(caught_up) if caught_up is not None else 0,
        tuple(tables.decode_losses(lost)),
    )

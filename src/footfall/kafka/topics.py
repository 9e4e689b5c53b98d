"""Kafka's metadata as data."""

from typing import NamedTuple

from footfall.errors import EngineUnavailable

# A topic's name and the number of one of its partitions.
TopicPartition = tuple[str, int]


class KafkaUnavailable(EngineUnavailable):
    """Kafka did not answer; the message is one sentence."""


class Topic(NamedTuple):
    """A topic as Kafka describes it now; its id changes when the topic is deleted and made again."""

    name: str
    id: str
    partitions: int


class Bounds(NamedTuple):
    """The first offset that a partition's log holds, and the next to be written."""

    start: int
    end: int

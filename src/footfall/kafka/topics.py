"""What Kafka tells of itself, as data."""

from typing import NamedTuple

from footfall.errors import EngineUnavailable

# Topic and partition.
TopicPartition = tuple[str, int]


class KafkaUnavailable(EngineUnavailable):
    """Kafka did not answer; the message is one sentence."""


class Topic(NamedTuple):
    """The topic as Kafka describes it now; its id changes when it is deleted and made anew."""

    name: str
    id: str
    partitions: int


class Bounds(NamedTuple):
    """The first offset that a partition's log holds, and the next to be written."""

    start: int
    end: int

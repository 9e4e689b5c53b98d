"""What Kafka tells of itself, as data."""

from typing import NamedTuple

# Topic and partition.
Place = tuple[str, int]


class KafkaAway(Exception):
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

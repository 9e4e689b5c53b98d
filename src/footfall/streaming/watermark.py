"""The watermark: the minute up to which the archive is complete."""

from collections.abc import Callable, Mapping

from footfall.kafka.topics import TopicPartition

# The end offsets of Kafka's partitions at the start of a minute (since 1970).
EndsAt = Callable[[int], Mapping[TopicPartition, int]]


def closed_until(archived: Mapping[TopicPartition, int], ends_at: EndsAt, after: int, minute: int) -> int:
    """The last minute m, after ≤ m ≤ minute, for which everything is archived that Kafka held when m began.

    archived: the next offset to archive, by partition. Minutes are counted since 1970. The condition must hold for
    `after`. Raises the errors of `ends_at`.
    """

    def complete(at: int) -> bool:
        return all(archived.get(partition, 0) >= end for partition, end in ends_at(at).items())

    if after >= minute or complete(minute):
        return max(after, minute)
    low, high = after, minute
    while high - low > 1:
        middle = (low + high) // 2
        if complete(middle):
            low = middle
        else:
            high = middle
    return low

"""Up to which minute the archive is complete. Pure but for asking Kafka."""

from collections.abc import Callable, Mapping

from footfall.kafka.topics import TopicPartition

# Where Kafka's logs ended when a minute (since 1970) began.
EndsAt = Callable[[int], Mapping[TopicPartition, int]]


def closed_until(archived: Mapping[TopicPartition, int], ends_at: EndsAt, after: int, minute: int) -> int:
    """The last minute m, after ≤ m ≤ minute, before which all is archived that Kafka held when it began.

    archived: the offset up to which everything is, by partition. Minutes since 1970; `after` is known to be such a one.
    Raises what `ends_at` raises.
    """

    def complete(at: int) -> bool:
        return all(archived.get(place, 0) >= end for place, end in ends_at(at).items())

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

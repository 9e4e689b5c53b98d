"""The watermark: the minute before which the archive is complete, from the end offsets of Kafka's logs."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.kafka.topics import TopicPartition
from footfall.streaming.watermark import closed_until

_PLACES: tuple[TopicPartition, TopicPartition] = (("events", 0), ("events", 1))


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40),
    st.tuples(st.integers(0, 60), st.integers(0, 60)),
    st.integers(0, 50),
)
def test_the_watermark_is_the_last_complete_minute(
    added: list[tuple[int, int]], archived: tuple[int, int], after: int
) -> None:
    """added: the records that both partitions get in each minute."""
    ends = [(sum(one for one, _ in added[:m]), sum(other for _, other in added[:m])) for m in range(len(added) + 1)]
    minute = len(added)
    complete = [m for m, held in enumerate(ends) if held[0] <= archived[0] and held[1] <= archived[1]]
    after = min(after, complete[-1])
    found = closed_until(
        dict(zip(_PLACES, archived, strict=True)),
        lambda at: dict(zip(_PLACES, ends[at], strict=True)),
        after,
        minute,
    )
    assert found == complete[-1]


@pytest.mark.parametrize("minute", [7, 6])
def test_known_minutes_are_not_asked_for_again(minute: int) -> None:
    def ends_at(_: int) -> Mapping[TopicPartition, int]:
        raise AssertionError("Kafka was asked")

    assert closed_until({}, ends_at, 7, minute) == 7


def test_a_partition_without_archived_records_holds_the_watermark_back() -> None:
    assert closed_until({_PLACES[0]: 9}, lambda at: {_PLACES[0]: 0, _PLACES[1]: int(at > 5)}, 0, 9) == 5

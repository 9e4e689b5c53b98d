"""The lag of the live figures, the cases where the group is set back, and the logs that are refused."""

from typing import NamedTuple, cast

import msgpack
import orjson
import pytest

from footfall.kafka.topics import Bounds, Topic, TopicPartition
from footfall.realtime import tables
from footfall.realtime.lag import LiveLag, PartitionState, ProgressRefused, measure, positions, read_states
from footfall.realtime.partition_counter import Pack, Partition
from footfall.realtime.store import HBaseStore
from footfall.realtime.tables import Progress
from tests.support.events import stored_event
from tests.unit.realtime.memory_store import Cells, MemoryStore

TOPIC = Topic("events", "topic-1", 2)
TOPICS = {"events": TOPIC}
NEVER = PartitionState(None, 0, ())


def counted(offset: int, caught_up_ms: int = 0, topic_id: str = "topic-1", partitions: int = 2) -> PartitionState:
    return PartitionState(Progress(topic_id, partitions, offset, 0), caught_up_ms, ())


class Log(NamedTuple):
    """A partition's log, and what the group committed of it."""

    start: int
    end: int
    committed: int | None


def set_back(log: Log, state: PartitionState) -> dict[TopicPartition, int]:
    place = "events", 0
    return positions(TOPICS, {place: Bounds(log.start, log.end)}, {place: log.committed}, {place: state})


def states_of(cells: Cells) -> dict[TopicPartition, PartitionState]:
    return read_states(cast(HBaseStore, MemoryStore(cells)), TOPICS)


def test_the_lag_is_what_waits_in_all_partitions() -> None:
    bounds = {
        ("events", 0): Bounds(0, 100),
        ("events", 1): Bounds(0, 50),
        ("events.rejected", 0): Bounds(0, 0),
    }
    states = {
        ("events", 0): counted(89, 9_000),
        ("events", 1): counted(49, 9_900),
        ("events.rejected", 0): counted(-1, 9_500),
    }
    # 90 of 100 are counted; the age is that of the partition that was caught up longest ago.
    found = measure(bounds, states, 10.0)
    assert found == LiveLag(10, 1.0, {("events", 0): 10, ("events", 1): 0, ("events.rejected", 0): 0})


@pytest.mark.parametrize(
    ("bound", "state", "records"),
    [
        (Bounds(0, 7), NEVER, 7),
        (Bounds(3, 7), NEVER, 4),
        (Bounds(0, 7), counted(-1), 7),
        (Bounds(0, 7), counted(6), 0),
        # Four were deleted uncounted: they cannot be counted any more, so they do not wait.
        (Bounds(9, 12), counted(4), 3),
        # Kafka lost its tail: that is reported elsewhere, and no lag is negative.
        (Bounds(0, 7), counted(8), 0),
    ],
)
def test_what_waits_in_a_partition(bound: Bounds, state: PartitionState, records: int) -> None:
    assert measure({("events", 0): bound}, {("events", 0): state}, 1.0).records == records


def test_the_age_is_unknown_until_every_partition_was_caught_up_once() -> None:
    bounds = {("events", 0): Bounds(0, 0), ("events", 1): Bounds(0, 0)}
    assert measure(bounds, {("events", 0): counted(-1, 4_000), ("events", 1): NEVER}, 4.0).age_s is None
    assert measure(bounds, {place: counted(-1, 3_000 + n) for n, place in enumerate(bounds)}, 4.0).age_s == 1.0


def test_another_process_clock_ahead_of_ours_is_no_negative_age() -> None:
    assert measure({("events", 0): Bounds(0, 0)}, {("events", 0): counted(-1, 5_000)}, 4.0).age_s == 0.0


@pytest.mark.parametrize(
    ("log", "state", "wanted"),
    [
        # Without progress all that Kafka holds is counted, from the log's beginning.
        (Log(0, 9, 9), NEVER, 0),
        (Log(4, 9, 6), NEVER, 4),
        # Committed ahead of the counted offset: the records between the two would never be counted.
        (Log(0, 9, 9), counted(5), 6),
        (Log(0, 9, 9), counted(-1), 0),
        # The same, with the first of it expired: beginning there lets the hole be seen.
        (Log(7, 9, 9), counted(5), 6),
        # The group's position has expired too; reading would begin at 7, and the loss before it would not be reported.
        (Log(7, 9, None), counted(5), 6),
    ],
)
def test_a_group_that_is_ahead_is_set_back(log: Log, state: PartitionState, wanted: int) -> None:
    assert set_back(log, state) == {("events", 0): wanted}


@pytest.mark.parametrize(
    ("log", "state"),
    [
        (Log(0, 0, None), NEVER),
        (Log(4, 9, None), NEVER),
        (Log(4, 9, 4), NEVER),
        (Log(0, 9, 6), counted(5)),
        # Counted records are skipped, so the group may be behind.
        (Log(0, 9, 2), counted(5)),
        (Log(0, 9, None), counted(5)),
        (Log(0, 6, 6), counted(5)),
        # Expired before it was counted; reading goes on at 6, and finds the hole.
        (Log(8, 9, 6), counted(5)),
    ],
)
def test_a_group_that_is_not_ahead_stays(log: Log, state: PartitionState) -> None:
    assert set_back(log, state) == {}


def test_each_partition_is_judged_by_itself() -> None:
    places = ("events", 0), ("events", 1)
    states = dict(zip(places, (counted(8), counted(3)), strict=True))
    found = positions(TOPICS, dict.fromkeys(places, Bounds(0, 9)), dict.fromkeys(places, 9), states)
    assert found == {("events", 1): 4}


@pytest.mark.parametrize(
    ("log", "state", "sentence"),
    [
        (Log(0, 5, 5), counted(5), "Kafka's log of events/0 ends at offset 5, but everything before 6 is counted"),
        (Log(0, 0, None), counted(5), "Kafka lost its tail"),
        (Log(0, 9, 6), counted(5, topic_id="topic-0"), "Kafka's topic events was recreated"),
        # A recreated topic has a shorter log as well; the sentence names the cause.
        (Log(0, 0, None), counted(5, topic_id="topic-0"), "Kafka's topic events was recreated"),
        (Log(0, 9, 6), counted(5, partitions=8), "Kafka's topic events has 2 partitions, not 8"),
    ],
)
def test_a_log_that_is_not_the_counted_one_is_refused(log: Log, state: PartitionState, sentence: str) -> None:
    with pytest.raises(ProgressRefused, match=sentence) as refused:
        set_back(log, state)
    assert "`./footfall rebuild live`" in str(refused.value)


def test_an_expired_beginning_is_reported_and_counting_goes_on() -> None:
    cells = Cells()
    records = [orjson.dumps(stored_event()) for _ in range(9)]
    before = Partition(TOPIC, 0, MemoryStore(cells), now_s=lambda: 1.0)
    before.offer(Pack("a", 0, 3, 0, None, records[:3]))
    before.flush()
    assert set_back(Log(7, 9, None), states_of(cells)["events", 0]) == {("events", 0): 3}
    # Reading at 3 finds that the log begins at 7, which is what the pack says.
    after = Partition(TOPIC, 0, MemoryStore(cells), now_s=lambda: 2.0)
    after.offer(Pack("b", 3, 9, 0, [7, 8], records[7:]))
    assert after.flush() == ["b"]
    state = states_of(cells)["events", 0]
    assert state.progress == Progress("topic-1", 2, 8, 0)
    assert state.lost == ((3, 7, 2_000),)
    assert measure({("events", 0): Bounds(7, 9)}, {("events", 0): state}, 1.0).records == 0


def test_states_are_read_of_every_partition() -> None:
    cells = Cells()
    progress = Progress("topic-1", 2, 41, 3)
    key = tables.progress_key("events", 1)
    cells.put("progress", key, tables.PROGRESS_COLUMN, tables.encode_progress(progress), 42)
    cells.put("progress", key, tables.CAUGHT_UP_COLUMN, msgpack.packb(5_000), 5_000)
    # Another topic's row must not be taken for this one's.
    other = tables.progress_key("events.rejected", 0)
    cells.put("progress", other, tables.PROGRESS_COLUMN, tables.encode_progress(progress), 42)
    assert states_of(cells) == {("events", 0): NEVER, ("events", 1): PartitionState(progress, 5_000, ())}

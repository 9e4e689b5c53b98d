"""The hours that can be compared, and the partitions that are behind."""

import pytest

from footfall.realtime.lag import PartitionState
from footfall.realtime.tables import Progress
from footfall.settings import Retention
from footfall.verification.cut import Floor, TopicPartition, floor_of
from footfall.verification.findings import HOUR_MS
from footfall.verification.live_progress import behind
from footfall.verification.stores.live import swept_hour
from tests.unit.verification.world import MemoryLog

DAY_MS = 24 * HOUR_MS
AT_MS = 20_000 * DAY_MS
HOUR = AT_MS // HOUR_MS
PARTITION: TopicPartition = ("events", 3)


def floor(
    start: int = 0, end: int = 9, first_ms: int = 0, since_ms: int | None = None, newest_minute: int | None = None
) -> Floor:
    log = MemoryLog(first_ms=first_ms)
    kept_from_hour = swept_hour(newest_minute, Retention().live_days)
    return floor_of(log, {PARTITION: (start, end)}, Retention(), AT_MS, since_ms, kept_from_hour)


@pytest.mark.parametrize(
    ("given", "hour", "hides"),
    [
        ({}, 0, False),
        ({"since_ms": AT_MS + 1_799_000}, HOUR, True),
        # The first record that Kafka holds is of 23:30, so the hour from midnight is complete.
        ({"start": 5, "first_ms": AT_MS - 1_800_000}, HOUR, True),
        # With a first record of half a minute before midnight, Kafka may have deleted records of the next hour.
        ({"start": 5, "first_ms": AT_MS - 30_000}, HOUR + 1, True),
        ({"start": 5, "first_ms": AT_MS - HOUR_MS, "since_ms": AT_MS}, HOUR, True),
        # The whole log is deleted, so all records were older than seven days.
        ({"start": 9, "end": 9}, HOUR - 7 * 24 + 1, True),
        # The live tables keep eight days, and the sweeper may be deleting another hour right now.
        ({"newest_minute": AT_MS // 60_000}, HOUR - 8 * 24 + 1, False),
        ({"newest_minute": AT_MS // 60_000, "since_ms": AT_MS - 9 * DAY_MS}, HOUR - 8 * 24 + 1, False),
        ({"newest_minute": AT_MS // 60_000, "since_ms": AT_MS}, HOUR, True),
        ({"newest_minute": 5}, 0, False),
    ],
)
def test_the_first_hour_compared(given: dict[str, int], hour: int, hides: bool) -> None:
    assert floor(**given) == Floor(hour, hides)


@pytest.mark.parametrize(
    ("start", "end", "counted", "waiting"),
    [
        (0, 0, None, {}),
        (0, 5, None, {PARTITION: 5}),
        (3, 5, None, {PARTITION: 2}),
        (5, 5, None, {}),
        (0, 5, 4, {}),
        (0, 5, 9, {}),
        (0, 5, 2, {PARTITION: 2}),
        (4, 5, 1, {PARTITION: 1}),
    ],
)
def test_records_that_are_behind(start: int, end: int, counted: int | None, waiting: dict[TopicPartition, int]) -> None:
    progress = None if counted is None else Progress("t", 8, counted, 0)
    assert behind({PARTITION: start}, {PARTITION: end}, {PARTITION: PartitionState(progress, 0, ())}) == waiting

"""Columns of a batch in the driver: ranges of minutes, days, ends."""

from datetime import date
from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from footfall.streaming import batch_keys
from footfall.streaming.identity_index import DAY_MINUTES, EPOCH

_MINUTES = st.sets(st.integers(0, 400), max_size=60).map(sorted)


def _covered(spans: list[tuple[int, int]]) -> set[int]:
    return {minute for first, last in spans for minute in range(first, last + 1)}


@given(_MINUTES)
def test_ranges_cover_exactly_the_given_numbers(minutes: list[int]) -> None:
    found = list(batch_keys.ranges(np.array(minutes, dtype=np.int64)))
    assert _covered(found) == set(minutes)
    assert all(before[1] + 1 < after[0] for before, after in pairwise(found))


def test_identities_are_grouped_by_the_day_of_their_minute() -> None:
    day = (date(2028, 2, 29) - EPOCH).days * DAY_MINUTES
    minutes = [day - 1, day, day + DAY_MINUTES - 1, day + DAY_MINUTES]
    found = batch_keys.entries_by_day(pa.table({"hash": [1, 2, 3, 4], "minute": minutes}))
    assert {at: (entries.hashes.tolist(), entries.minutes.tolist()) for at, entries in found.items()} == {
        date(2028, 2, 28): ([1], minutes[:1]),
        date(2028, 2, 29): ([2, 3], minutes[1:3]),
        date(2028, 3, 1): ([4], minutes[3:]),
    }
    assert batch_keys.days_of(np.array(minutes)) == list(found)


def test_the_end_offset_follows_the_last_record() -> None:
    rows = pa.table({"kafka_partition": pa.array([3, 0, 3], pa.int32()), "kafka_offset": [7, 0, 9]})
    assert batch_keys.end_offsets(rows) == {0: 1, 3: 10}
    assert batch_keys.end_offsets(rows.slice(0, 0)) == {}

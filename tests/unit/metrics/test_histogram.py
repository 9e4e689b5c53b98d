"""The histogram has the defined bounds, and its quantiles are nearest ranks, in any order of addition."""

from collections import Counter
from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.metrics.histogram import (
    BOUNDS_MS,
    LONGEST_MS,
    UNMEASURED,
    bucket,
    buckets,
    quantile_ms,
    quantiles_ms,
    response_bucket,
    response_buckets,
)

MILLISECONDS = st.integers(0, 600_000) | st.integers(0, 400)
RESPONSES = st.lists(MILLISECONDS, max_size=60)
PERCENTS = st.sampled_from([50, 95, 99]) | st.integers(1, 100)


def counted(responses: list[int]) -> dict[int, int]:
    return dict(Counter(bucket(ms) for ms in responses))


def test_bounds_are_those_of_the_definition() -> None:
    # In fractions, so that no rounding of floats can be shared with the code. 1.02^671 is below 600,000, 1.02^672 not.
    powers = [Fraction(102, 100) ** k for k in range(800)]
    wanted = {round(power) for power in powers if round(power) < 600_000} | {0, 600_000}
    assert list(BOUNDS_MS) == sorted(wanted)
    assert BOUNDS_MS[:3] == (0, 1, 2)
    # The first whole number that no power of 1.02 rounds to.
    assert 53 not in BOUNDS_MS
    assert BOUNDS_MS[-2:] == (589_814, 600_000)


@given(MILLISECONDS)
def test_a_value_belongs_to_the_first_bound_that_reaches_it(ms: int) -> None:
    assert BOUNDS_MS[bucket(ms)] == next(bound for bound in BOUNDS_MS if bound >= ms)


@pytest.mark.parametrize(
    ("ms", "bound"),
    [(0, 0), (1, 1), (52, 52), (53, 54), (54, 54), (589_814, 589_814), (589_815, 600_000), (600_000, 600_000)],
)
def test_bounds_belong_to_their_own_bucket(ms: int, bound: int) -> None:
    assert BOUNDS_MS[bucket(ms)] == bound


def test_larger_times_are_in_the_last_bucket() -> None:
    assert bucket(600_001) == bucket(600_000) == len(BOUNDS_MS) - 1


@given(RESPONSES.filter(bool), PERCENTS)
def test_a_quantile_is_the_bound_over_the_nearest_rank(responses: list[int], percent: int) -> None:
    rank = ceil(Fraction(percent, 100) * len(responses))
    smallest = sorted(responses)[rank - 1]
    assert quantile_ms(counted(responses), percent) == next(bound for bound in BOUNDS_MS if bound >= smallest)


def test_ranks_are_exact_where_floats_are_not() -> None:
    # 0.07 × 100 is 7.000000000000001 as a float, whose ceiling is 8.
    assert quantile_ms(dict.fromkeys(range(100), 1), 7) == BOUNDS_MS[6]
    # The 19th of 20 is the 95th percentile, not the largest.
    assert quantile_ms({1: 19, 400: 1}, 95) == BOUNDS_MS[1]
    assert quantile_ms({1: 19, 400: 1}, 96) == BOUNDS_MS[400]


@given(RESPONSES, RESPONSES)
def test_added_histograms_are_that_of_all_values(some: list[int], others: list[int]) -> None:
    added = Counter(counted(some)) + Counter(counted(others))
    assert dict(added) == counted(some + others)
    for percent in (50, 95, 99):
        assert quantile_ms(added, percent) == quantile_ms(counted(others + some), percent)


@pytest.mark.parametrize("percent", [50, 95, 99])
def test_nothing_counted_has_no_quantile(percent: int) -> None:
    assert quantile_ms({}, percent) is None


def test_every_time_of_a_column_has_its_bucket() -> None:
    times = range(LONGEST_MS + 2)
    assert buckets(np.array(times)).tolist() == [bucket(ms) for ms in times]


@given(st.lists(st.tuples(st.booleans(), st.none() | MILLISECONDS)))
def test_only_measured_page_views_are_counted(events: list[tuple[bool, int | None]]) -> None:
    one_by_one = [response_bucket(ms) if page_view else UNMEASURED for page_view, ms in events]
    assert one_by_one == [bucket(ms) if page_view and ms is not None else UNMEASURED for page_view, ms in events]
    views = np.array([page_view for page_view, _ in events], dtype=np.bool_)
    times = np.array([ms or 0 for _, ms in events], dtype=np.int64)
    measured = np.array([ms is not None for _, ms in events], dtype=np.bool_)
    assert response_buckets(views, times, measured).tolist() == one_by_one


@given(st.lists(RESPONSES, max_size=6), PERCENTS)
def test_quantiles_of_many_histograms_are_those_of_each(histograms: list[list[int]], percent: int) -> None:
    each = [counted(responses) for responses in histograms]
    entries = [(number, index, n) for number, counts in enumerate(each) for index, n in sorted(counts.items())]
    columns = np.array(entries, dtype=np.int64).reshape(-1, 3).T
    found = quantiles_ms(*columns, len(each), percent).tolist()
    assert found == [UNMEASURED if (ms := quantile_ms(counts, percent)) is None else ms for counts in each]

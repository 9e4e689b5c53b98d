"""Nearest rank, by counting."""

from hypothesis import given
from hypothesis import strategies as st

from footfall.metrics.percentiles import percentile, rounded_ms


@given(st.lists(st.integers(0, 20), min_size=1, max_size=120), st.integers(1, 100))
def test_a_percentile_is_the_smallest_value_that_enough_values_do_not_exceed(values: list[int], percent: int) -> None:
    enough = [value for value in values if 100 * sum(other <= value for other in values) >= percent * len(values)]
    assert percentile(sorted(values), percent) == min(enough)


def test_twenty_values_have_their_nineteenth_as_95th_percentile() -> None:
    assert percentile(list(range(1, 21)), 95) == 19
    assert percentile([1, 2, 3, 4], 50) == 2
    assert percentile([], 50) is None


def test_half_a_millisecond_is_rounded_up() -> None:
    assert [rounded_ms(us) for us in (0, 499, 500, 1499, 1500)] == [0, 0, 1, 1, 2]

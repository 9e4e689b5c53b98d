"""The window of now: the current, partial minute and the full ones before it."""

import pytest

from footfall.metrics.activity import ACTIVE_MINUTES, first_minute


@pytest.mark.parametrize(("length", "minutes"), [(1, 2), (5, 6), (30, 31)])
def test_the_current_minute_comes_on_top(length: int, minutes: int) -> None:
    now = 29_000_000
    assert length in ACTIVE_MINUTES
    assert len(range(first_minute(now, length), now + 1)) == minutes

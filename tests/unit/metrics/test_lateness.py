"""An event is late if it took more than a minute to arrive."""

from footfall.metrics.lateness import is_late


def test_a_minute_is_not_late() -> None:
    assert not is_late(1_000, 61_000)
    assert is_late(1_000, 61_001)

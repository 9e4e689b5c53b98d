"""Percentiles by nearest rank. The divisions are integer ones: 0.95 × 20 as a float may round up to 20."""

from collections.abc import Sequence


def nearest_rank(count: int, percent: int) -> int:
    """The rank, from 1, of a percentile among `count` sorted values; 0 if there are none."""
    return (count * percent + 99) // 100


def percentile(ordered: Sequence[int], percent: int) -> int | None:
    """The percentile of sorted values; None if there are none."""
    return ordered[nearest_rank(len(ordered), percent) - 1] if ordered else None


def rounded_ms(microseconds: int) -> int:
    """Milliseconds, rounded half up."""
    return (microseconds + 500) // 1000

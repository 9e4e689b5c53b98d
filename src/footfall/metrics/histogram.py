"""The one histogram of response times: fixed logarithmic bounds, so that its integers add up in any order, anywhere."""

from bisect import bisect_left
from collections.abc import Mapping
from typing import Final

LONGEST_MS: Final = 600_000


def _bounds() -> tuple[int, ...]:
    found, k = {0, LONGEST_MS}, 0
    while (bound := round(1.02**k)) < LONGEST_MS:
        found.add(bound)
        k += 1
    return tuple(sorted(found))


BOUNDS_MS: Final = _bounds()
_LAST: Final = len(BOUNDS_MS) - 1


def bucket(ms: int) -> int:
    """The index of the first bound that is at least `ms` milliseconds; what lies beyond the last bound is in it."""
    return min(bisect_left(BOUNDS_MS, ms), _LAST)


def quantile_bucket(counts: Mapping[int, int], percent: int) -> int | None:
    """The bucket that holds the nearest rank of `percent`; None if nothing was counted.

    The rank is computed with integers: 0.95 × 20 as a float may round up to 20.
    """
    total = sum(counts.values())
    if total == 0:
        return None
    rank = max(1, -(-percent * total // 100))
    passed = 0
    for index in sorted(counts):
        passed += counts[index]
        if passed >= rank:
            return index
    return max(counts)


def quantile_ms(counts: Mapping[int, int], percent: int) -> int | None:
    """The upper bound, in ms, of that bucket."""
    found = quantile_bucket(counts, percent)
    return None if found is None else BOUNDS_MS[found]

"""The histogram of response times. Its logarithmic bounds are fixed, so that histograms can be added in any order."""

from bisect import bisect_left
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

LONGEST_MS: Final = 600_000


def _bounds() -> tuple[int, ...]:
    found, k = {0, LONGEST_MS}, 0
    while (bound := round(1.02**k)) < LONGEST_MS:
        found.add(bound)
        k += 1
    return tuple(sorted(found))


BOUNDS_MS: Final = _bounds()
_LAST: Final = len(BOUNDS_MS) - 1
_BOUNDS: Final = np.array(BOUNDS_MS, dtype=np.int64)
# Used instead of a bucket for an event without a response time.
UNMEASURED: Final = -1


def bucket(ms: int) -> int:
    """The index of the first bound that is at least `ms` milliseconds; larger times are in the last bucket."""
    return min(bisect_left(BOUNDS_MS, ms), _LAST)


def buckets(ms: Integers) -> Integers:
    """`bucket` for each time of a column."""
    return np.minimum(np.searchsorted(_BOUNDS, ms), _LAST)


def response_bucket(response_ms: int | None) -> int:
    """The bucket of a page view's response time; UNMEASURED if it is unknown. Other events are UNMEASURED as well."""
    return min(bisect_left(BOUNDS_MS, response_ms), _LAST) if response_ms is not None else UNMEASURED


def response_buckets(page_views: NDArray[np.bool_], response_ms: Integers, measured: NDArray[np.bool_]) -> Integers:
    """`response_bucket` for each page view of a column, UNMEASURED for other events. measured: if the time is known."""
    return np.where(page_views & measured, buckets(response_ms), UNMEASURED)


def quantile_bucket(counts: Mapping[int, int], percent: int) -> int | None:
    """The bucket that holds the nearest rank of `percent`; None for an empty histogram.

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
    """The upper bound, in ms, of `quantile_bucket`; None for an empty histogram."""
    found = quantile_bucket(counts, percent)
    return None if found is None else BOUNDS_MS[found]


def quantiles_ms(number: Integers, index: Integers, count: Integers, many: int, percent: int) -> Integers:
    """`quantile_ms` for each of `many` histograms, numbered from 0; UNMEASURED for an empty one.

    number, index, count: the histogram's number, the bucket's index and the count of each bucket that is not empty,
        sorted by number and index
    """
    # bincount adds floats, which are exact for integers below 2^53.
    totals = np.bincount(number, weights=count, minlength=many).astype(np.int64)
    before = np.cumsum(totals) - totals
    found = np.searchsorted(np.cumsum(count), before + (percent * totals + 99) // 100)
    # For an empty histogram the search may return the end, so one more element is appended.
    return np.where(totals > 0, np.append(_BOUNDS[index], UNMEASURED)[found], UNMEASURED)

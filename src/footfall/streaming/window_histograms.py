"""Histograms of many groups of events at once, as arrays: of a dimension's cells, and of the windows made of them."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.metrics import histogram

Integers = NDArray[np.int64]

_BUCKETS: Final = len(histogram.BOUNDS_MS)


class Histograms(NamedTuple):
    """The buckets that are not empty, of groups numbered from 0.

    sized: the group's number times the number of buckets, plus the bucket; sorted. counts: the values in each.
    """

    sized: Integers
    counts: Integers

    def joined(self, groups: int, group: Integers, into: Integers) -> "Histograms":
        """Those of larger groups. groups: how many there are here. group, into: each pair adds a group to a larger."""
        first = np.searchsorted(self.sized, np.arange(groups + 1) * _BUCKETS)
        sizes = np.diff(first)[group]
        each = np.repeat(first[group] - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        sized = np.repeat(into, sizes) * _BUCKETS + self.sized[each] % _BUCKETS
        merged, index = np.unique(sized, return_inverse=True)
        # bincount adds floats, which are exact for integers below 2^53.
        counts = np.bincount(index, weights=self.counts[each], minlength=len(merged))
        return Histograms(merged, counts.astype(np.int64))

    def values(self, groups: int) -> Integers:
        """The number of values in each group."""
        return np.bincount(self.sized // _BUCKETS, weights=self.counts, minlength=groups).astype(np.int64)

    def percentile(self, groups: int, percent: int) -> Integers:
        """The upper bound of the bucket that holds the percentile, of each group; UNMEASURED without a value."""
        owner, index = self.sized // _BUCKETS, self.sized % _BUCKETS
        return histogram.quantiles_ms(owner, index, self.counts, groups, percent)


def histograms(group: Integers, bucket: Integers) -> Histograms:
    """Those of events. group, bucket: of each event; UNMEASURED leaves it out."""
    measured = bucket != histogram.UNMEASURED
    return Histograms(*np.unique(group[measured] * _BUCKETS + bucket[measured], return_counts=True))

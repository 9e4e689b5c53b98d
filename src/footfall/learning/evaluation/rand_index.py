"""The adjusted Rand index: how far two clusterings of the same subjects agree beyond chance. Pure.

Hubert and Arabie, "Comparing partitions" (1985).
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from math import comb


def adjusted_rand_index(one: Sequence[Hashable], other: Sequence[Hashable]) -> float:
    """1 for the same clustering whatever the names, about 0 for unrelated ones, below 0 for less than chance.

    one, other: the cluster of each subject, in the same order. Raises ValueError if their lengths differ.
    """
    if len(one) != len(other):
        raise ValueError(f"The clusterings have {len(one)} and {len(other)} subjects.")
    together = _pairs(Counter(zip(one, other, strict=True)))
    in_one, in_other = _pairs(Counter(one)), _pairs(Counter(other))
    every = comb(len(one), 2)
    by_chance = in_one * in_other / every if every else 0.0
    most = (in_one + in_other) / 2
    # Both put all subjects into one cluster, or each into its own.
    return 1.0 if most == by_chance else (together - by_chance) / (most - by_chance)


def _pairs(sizes: Counter[Hashable] | Counter[tuple[Hashable, Hashable]]) -> int:
    return sum(comb(size, 2) for size in sizes.values())

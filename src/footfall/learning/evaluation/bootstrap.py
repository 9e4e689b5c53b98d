"""Bootstrap intervals of the mean of a difference by user. Pure.

Efron, "Bootstrap Methods: Another Look at the Jackknife" (1979); the percentile interval.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_ROUNDS: Final = 2000
_AT_ONCE: Final = 100


class Interval(NamedTuple):
    """A mean with the bounds of its interval."""

    mean: float
    low: float
    high: float


def interval(values: NDArray[np.float64], seed: int, level: float = 0.95, rounds: int = _ROUNDS) -> Interval:
    """The mean of the values and its interval. values: (n,), one of each user, such as a paired difference.

    Users are drawn, not their single actions, since the actions of one user depend on each other. The same values and
    seed give the same interval. Raises ValueError without values.
    """
    if len(values) == 0:
        raise ValueError("There are no values, so there is no mean.")
    random = np.random.default_rng([seed, len(values)])
    means = np.concatenate(
        [
            values[random.integers(len(values), size=(min(_AT_ONCE, rounds - done), len(values)))].mean(axis=1)
            for done in range(0, rounds, _AT_ONCE)
        ]
    )
    low, high = np.quantile(means, ((1 - level) / 2, (1 + level) / 2))
    return Interval(float(values.mean()), float(low), float(high))

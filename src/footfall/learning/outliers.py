"""Outliers: points that lie far from every centre. They belong to no segment. Pure."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from footfall.learning.vectors import Matrix

# In place of a segment's number.
OUTLIER: Final = -1
# Tukey's outer fence: this many interquartile ranges above the upper quartile.
_FENCE: Final = 3.0


def outliers(distances: Matrix) -> NDArray[np.bool_]:
    """Which points are outliers. distances: (n,) of each point to its own centre.

    The fence is of all points together: a wide segment has more outliers than a dense one.
    """
    if len(distances) == 0:
        return np.zeros(0, bool)
    lower, upper = np.quantile(distances, (0.25, 0.75))
    return np.asarray(distances > upper + _FENCE * (upper - lower))

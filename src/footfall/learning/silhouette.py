"""The silhouette of a clustering, and the choice of the number of clusters by it. Pure.

Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis" (1987).
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from footfall.learning.seeds import squared_distances
from footfall.learning.vectors import Labels, Matrix

LEAST_K: Final = 3
MOST_K: Final = 10
# The silhouette compares all pairs: 2,000 points are 4 million, a second of work.
SAMPLE: Final = 2000
# A larger k must be better by this much, so that chance does not change the number of segments from week to week.
_CLEARLY: Final = 0.005


def silhouettes(points: Matrix, labels: Labels) -> Matrix:
    """The silhouette of each point, from -1 to 1: (n,). A point that is alone in its cluster has 0.

    points: (n, d). labels: (n,), of at least two clusters; with only one, all silhouettes are 0.
    """
    names, place = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        return np.zeros(len(points))
    sizes = np.bincount(place, minlength=len(names))
    sums = np.zeros((len(points), len(names)))
    for row, point in enumerate(points):
        distances = np.sqrt(squared_distances(points, point[None, :])[:, 0])
        sums[row] = np.bincount(place, weights=distances, minlength=len(names))
    rows = np.arange(len(points))
    own = sums[rows, place] / np.maximum(sizes[place] - 1, 1)
    means = sums / sizes
    means[rows, place] = np.inf
    other = means.min(axis=1)
    largest = np.maximum(own, other)
    found = np.divide(other - own, largest, out=np.zeros(len(points)), where=largest > 0)
    return np.where(sizes[place] > 1, found, 0.0)


def sample_of(points: Matrix, seed: int, most: int = SAMPLE) -> Labels:
    """The ascending row numbers of a random sample: all if there are at most `most` points."""
    if len(points) <= most:
        return np.arange(len(points))
    return np.sort(np.random.default_rng([seed, len(points)]).choice(len(points), most, replace=False))


def best_k(scores: Mapping[int, float]) -> int:
    """The number of clusters with the largest mean silhouette. scores: by number of clusters, not empty.

    Of two that hardly differ, the smaller one.
    """
    best = max(scores.values())
    return min(k for k, score in scores.items() if score >= best - _CLEARLY)

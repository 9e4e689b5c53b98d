"""k-means++ seeds: points that lie far apart, which Mahout's k-means begins with. Pure.

Arthur and Vassilvitskii, "k-means++: The Advantages of Careful Seeding" (2007), with the greedy choice among several
candidates that their paper suggests.
"""

import math

import numpy as np

from footfall.learning.errors import TooLittleData
from footfall.learning.vectors import Matrix


def k_means_plus_plus(points: Matrix, k: int, seed: int) -> Matrix:
    """k of the points, (k, d). The same points, k and seed give the same result.

    points: (n, d). Raises TooLittleData if there are fewer than k distinct points.
    """
    random = np.random.default_rng([seed, k])
    if len(points) == 0:
        raise TooLittleData("There are no points to cluster.")
    chosen = [int(random.integers(len(points)))]
    nearest = squared_distances(points, points[chosen])[:, 0]
    tries = 2 + int(math.log(k))
    while len(chosen) < k:
        total = nearest.sum()
        if total <= 0:
            raise TooLittleData(f"There are only {len(chosen)} distinct points; {k} segments need {k}.")
        candidates = random.choice(len(points), size=tries, p=nearest / total)
        distances = np.minimum(nearest[:, None], squared_distances(points, points[candidates]))
        best = int(distances.sum(axis=0).argmin())
        chosen.append(int(candidates[best]))
        nearest = distances[:, best]
    found: Matrix = points[chosen]
    return found


def squared_distances(points: Matrix, centres: Matrix) -> Matrix:
    """Squared Euclidean distances, (n, k). points: (n, d). centres: (k, d)."""
    found = np.empty((len(points), len(centres)))
    # Exact differences: the usual expansion of the square leaves rounding errors where points coincide.
    for column, centre in enumerate(centres):
        found[:, column] = ((points - centre) ** 2).sum(axis=1)
    return found

"""Tail probabilities of the binomial and the Poisson distribution. Pure."""

from collections.abc import Iterable
from itertools import count as counting
from math import exp, lgamma, log, log1p
from typing import Final

# Terms that are smaller than the sum by this factor are left out.
_NEGLIGIBLE: Final = 1e-16


def binomial_upper(count: int, trials: int, share: float) -> float:
    """P(X ≥ count) for independent trials that each succeed with the probability `share` (0–1)."""
    if count <= 0 or share >= 1:
        return 1.0
    if count > trials or share <= 0:
        return 0.0
    if count <= trials * share:
        # The terms of this tail grow at first, from below the smallest float. Those of the other tail only shrink.
        return 1 - binomial_upper(trials - count + 1, trials, 1 - share)
    odds = share / (1 - share)
    term = exp(
        lgamma(trials + 1)
        - lgamma(count + 1)
        - lgamma(trials - count + 1)
        + count * log(share)
        + (trials - count) * log1p(-share)
    )
    return _summed(term, ((trials - hits) / (hits + 1) * odds for hits in range(count, trials)))


def poisson_lower(count: int, mean: float) -> float:
    """P(X ≤ count) for a Poisson distribution with this mean."""
    if count < 0:
        return 0.0
    if mean <= 0:
        return 1.0
    if count >= mean:
        first = exp((count + 1) * log(mean) - mean - lgamma(count + 2))
        return 1 - _summed(first, (mean / hits for hits in counting(count + 2)))
    return _summed(exp(count * log(mean) - mean - lgamma(count + 1)), (hits / mean for hits in range(count, 0, -1)))


def _summed(term: float, ratios: Iterable[float]) -> float:
    """The sum of decreasing terms. term: the first one. ratios: of each further term to the one before it."""
    total = term
    for ratio in ratios:
        term *= ratio
        if term <= total * _NEGLIGIBLE:
            break
        total += term
    return min(1.0, total)

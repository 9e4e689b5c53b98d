"""The effect of an experiment: how much more often one arm clicks than the other, and how sure that is.

The unit is the visitor, since the clicks of one visitor depend on each other. The bootstrap draws as many visitors of
each arm as there are, with replacement, and looks how the lift varies: Efron, "Bootstrap Methods: Another Look at the
Jackknife" (1979), the percentile interval.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

# With so many draws, the bounds vary by a few percent of the width of the interval from seed to seed.
_ROUNDS: Final = 4_000
_AT_ONCE: Final = 250
_SEED: Final = 17
_LEVEL: Final = 0.95

Sums = Mapping[tuple[int, int], int]
"""The visitors of an arm: impressions and clicks of a visitor → the number of such visitors. Each has an impression."""


class Effect(NamedTuple):
    """The effect of an arm against the control.

    lift: the click rate divided by the control's, minus 1. low, high: the bounds of its 95 % interval; None if the
    control might as well have no click at all. p_value: of equal click rates, two-sided.
    """

    lift: float
    low: float | None
    high: float | None
    p_value: float


def effect(treated: Sums, control: Sums) -> Effect | None:
    """The effect; None without visitors in both arms, or without a click in the control.

    The same visitors give the same interval.
    """
    if not treated or not control:
        return None
    (impressions, clicks), (base_impressions, base_clicks) = totals(treated), totals(control)
    if base_clicks == 0:
        return None
    lift = (clicks / impressions) / (base_clicks / base_impressions) - 1
    rng = np.random.default_rng([_SEED, clicks, impressions, base_clicks, base_impressions])
    rates, base_rates = _drawn_rates(treated, rng), _drawn_rates(control, rng)
    with np.errstate(divide="ignore", invalid="ignore"):
        lifts = np.sort(rates / base_rates - 1)
    low, high = (_at(lifts, share) for share in ((1 - _LEVEL) / 2, (1 + _LEVEL) / 2))
    below = int((rates <= base_rates).sum())
    above = int((rates >= base_rates).sum())
    # One more than was drawn: the visitors as they are count as a draw, so no p is 0.
    return Effect(lift, low, high, min(1.0, 2 * (min(below, above) + 1) / (_ROUNDS + 1)))


def totals(sums: Sums) -> tuple[int, int]:
    """All impressions and clicks of these visitors."""
    return (
        sum(impressions * visitors for (impressions, _), visitors in sums.items()),
        sum(clicks * visitors for (_, clicks), visitors in sums.items()),
    )


def _drawn_rates(sums: Sums, rng: np.random.Generator) -> NDArray[np.float64]:
    """The click rate in each round: (rounds,)."""
    # Visitors with equal sums are interchangeable, so drawing visitors is drawing how many there are of each kind.
    kinds = np.array(sorted(sums), dtype=np.int64)
    visitors = np.array([sums[impressions, clicks] for impressions, clicks in sorted(sums)], dtype=np.int64)
    total = int(visitors.sum())
    drawn = np.concatenate(
        [
            rng.multinomial(total, visitors / total, size=min(_AT_ONCE, _ROUNDS - done)) @ kinds
            for done in range(0, _ROUNDS, _AT_ONCE)
        ]
    )
    rates: NDArray[np.float64] = drawn[:, 1] / drawn[:, 0]
    return rates


def _at(ascending: NDArray[np.float64], share: float) -> float | None:
    """The value at a share of the sorted values, by nearest rank; None if it is no number."""
    value = float(ascending[min(len(ascending) - 1, max(0, int(np.ceil(share * len(ascending))) - 1))])
    return value if np.isfinite(value) else None

from collections import Counter

import numpy as np
import pytest

from footfall.metrics.experiments import Effect, Sums, effect


def arm(seed: int, visitors: int, rate: float) -> Counter[tuple[int, int]]:
    """Visitors with one to nine impressions, and a click rate of their own around `rate`."""
    rng = np.random.default_rng(seed)
    impressions = rng.integers(1, 10, visitors)
    clicks = rng.binomial(impressions, np.minimum(1, rng.gamma(2, rate / 2, visitors)))
    return Counter(zip(impressions.tolist(), clicks.tolist(), strict=True))


def measured(treated: Sums, control: Sums) -> Effect:
    found = effect(treated, control)
    assert found is not None
    return found


def test_the_lift_is_one_ratio_of_the_sums() -> None:
    found = measured({(10, 3): 2, (5, 0): 4}, {(10, 1): 4, (5, 1): 2})
    assert found.lift == (6 / 40) / (6 / 50) - 1


def test_the_interval_is_that_of_drawing_single_visitors() -> None:
    treated, control = arm(1, 900, 0.12), arm(2, 1_100, 0.10)
    found = measured(treated, control)
    rng = np.random.default_rng(99)

    def rates(sums: Counter[tuple[int, int]]) -> np.ndarray:
        each = np.array(list(sums.elements()))
        drawn = each[rng.integers(len(each), size=(2_000, len(each)))].sum(axis=1)
        return drawn[:, 1] / drawn[:, 0]

    low, high = np.quantile(rates(treated) / rates(control) - 1, (0.025, 0.975))
    assert found.low == pytest.approx(low, abs=0.03)
    assert found.high == pytest.approx(high, abs=0.03)


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    inside = 0
    for seed in range(100):
        found = measured(arm(2 * seed, 300, 0.1), arm(2 * seed + 1, 300, 0.1))
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= 0 <= found.high
        assert (found.p_value < 0.05) == (not found.low <= 0 <= found.high) or 0.03 < found.p_value < 0.07
    # 95 of 100; below 88 has a probability of 0.4 %.
    assert inside >= 88


def test_a_difference_is_seen() -> None:
    found = measured(arm(1, 3_000, 0.15), arm(2, 3_000, 0.10))
    assert found.low is not None
    assert found.low > 0.2
    assert found.p_value < 0.001


def test_the_same_visitors_give_the_same_interval() -> None:
    treated, control = arm(1, 500, 0.1), arm(2, 500, 0.1)
    assert effect(treated, control) == effect(dict(reversed(treated.items())), control)


def test_what_cannot_be_compared_has_no_effect() -> None:
    some = {(3, 1): 5}
    assert effect({}, some) is None
    assert effect(some, {}) is None
    assert effect(some, {(3, 0): 5}) is None
    assert measured({(3, 0): 5}, some).lift == -1


def test_a_control_with_hardly_a_click_has_no_upper_bound() -> None:
    found = measured({(3, 1): 50}, {(3, 0): 50, (3, 1): 1})
    assert found.high is None
    assert found.low is not None
    assert found.low > 0


def test_visitors_who_are_all_alike_leave_no_doubt() -> None:
    assert measured({(4, 2): 10}, {(4, 1): 10}) == Effect(1.0, 1.0, 1.0, 2 / 4_001)
    assert measured({(4, 1): 10}, {(4, 1): 10}) == Effect(0.0, 0.0, 0.0, 1.0)

"""The score of a page that draws more views than before."""

import pytest

from footfall.metrics.trending import baseline, score


def test_the_baseline_is_the_mean_of_six_windows() -> None:
    assert baseline(9) == 1.5


@pytest.mark.parametrize(
    ("views", "usual", "expected"), [(10, 0.0, 10.0), (12, 3.0, 4.5), (10, 15.0, -1.25), (9, 0.0, None)]
)
def test_a_score_is_the_surplus_in_deviations_from_ten_views_on(
    views: int, usual: float, expected: float | None
) -> None:
    assert score(views, usual) == expected

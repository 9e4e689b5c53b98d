"""Age bands by birth year alone."""

import pytest

from footfall.metrics.ages import age_band


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (-1, "unknown"),
        (17, "unknown"),
        (18, "18-24"),
        (24, "18-24"),
        (25, "25-34"),
        (34, "25-34"),
        (35, "35-44"),
        (44, "35-44"),
        (45, "45-54"),
        (55, "55-64"),
        (64, "55-64"),
        (65, "65+"),
        (120, "65+"),
    ],
)
def test_a_band_holds_the_years_in_its_name(age: int, band: str) -> None:
    assert age_band(2026 - age, 2026) == band


def test_nobody_has_an_age_without_a_birth_year() -> None:
    assert age_band(None, 2026) == "unknown"

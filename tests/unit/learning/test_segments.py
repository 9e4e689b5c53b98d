"""Segments in words and figures."""

import numpy as np
import pytest

from footfall.learning.features import NAMES
from footfall.learning.outliers import OUTLIER
from footfall.learning.segments import describe, distinct_names, drift, name_of, part_of_day


def _row(**given: float) -> list[float]:
    return [given.get(name, 1.0) for name in NAMES]


def test_segments_have_size_centre_and_distance_from_all() -> None:
    values = np.array([_row(visits=1), _row(visits=3), _row(visits=10), _row(visits=2), _row(visits=99)])
    apart, first, second = describe(values, np.array([0, 0, 2, 0, OUTLIER]), {0: 0.4})
    visits = NAMES.index("visits")
    assert (first.number, first.size, first.share, first.centre[visits]) == (0, 3, 0.6, 2.0)
    assert (second.number, second.size, second.share, second.centre[visits]) == (2, 1, 0.2, 10.0)
    deviation = np.std([1, 3, 10, 2, 99])
    assert first.z[visits] == pytest.approx((2 - 23) / deviation)
    assert (first.silhouette, second.silhouette) == (0.4, None)
    assert (apart.number, apart.name, apart.size, apart.silhouette) == (OUTLIER, "outliers", 1, None)
    # What all share sets nobody apart.
    assert first.z[NAMES.index("sections")] == 0


def _z(**given: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array([given.get(name, 0.0) for name in NAMES])


def test_a_name_says_what_sets_a_segment_apart_and_when_it_comes() -> None:
    centre = np.array(_row(hour_cos=0.5, hour_sin=-0.87))
    assert (
        name_of(centre, _z(pages_per_visit=1.0, conversions_per_visit=2.0, visits=0.6)) == "converting, deep, evening"
    )
    assert name_of(centre, _z(visits=-0.8, pages_per_visit=0.3)) == "rare, evening"
    nowhere = np.array(_row(hour_cos=0.1, hour_sin=0.1))
    assert name_of(nowhere, _z()) == "average"
    # A feature without a word for that side is left out.
    assert name_of(nowhere, _z(errors_per_visit=-2.0)) == "average"


@pytest.mark.parametrize(
    ("hour", "part"),
    [(0, "night"), (4, "night"), (6, "morning"), (12, "midday"), (16, "afternoon"), (20, "evening"), (23, "night")],
)
def test_the_part_of_the_day_is_that_of_the_mean_hour(hour: int, part: str) -> None:
    angle = hour / 24 * 2 * np.pi
    assert part_of_day(float(np.cos(angle)), float(np.sin(angle))) == part
    assert part_of_day(0.1 * float(np.cos(angle)), 0.1 * float(np.sin(angle))) == ""


def test_equal_names_get_numbers() -> None:
    assert distinct_names(["deep", "rare", "deep", "deep"]) == ["deep", "rare", "deep 2", "deep 3"]


def test_drift_is_of_the_subjects_of_both_days() -> None:
    centre = np.array([0.0, 0.0])
    found = drift({"a": 0, "b": 0, "c": 1}, {"a": 0, "b": 1, "d": 0}, {0: centre}, {0: np.array([3.0, 4.0]), 1: centre})
    assert found.moved == 0.5
    assert found.centres == {0: 5.0}


def test_the_stability_index_is_as_worked_out_by_hand() -> None:
    before = {f"a{n}": n % 2 for n in range(100)}
    now = {f"a{n}": int(n >= 80) for n in range(100)}
    # (0.8 - 0.5) ln(0.8 / 0.5) + (0.2 - 0.5) ln(0.2 / 0.5)
    assert drift(before, now, {}, {}).shift == pytest.approx(0.3 * np.log(1.6) - 0.3 * np.log(0.4))
    assert drift(before, before, {}, {}).shift == 0
    assert drift({}, now, {}, {}).moved is None

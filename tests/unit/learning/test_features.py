"""The features of subjects and their scale."""

from typing import Any

import numpy as np
import pytest

from footfall.learning import features
from footfall.learning.errors import TooLittleData
from footfall.learning.features import FEATURES, NAMES, Figures
from footfall.settings import REPOSITORY

DAY_MS = 86_400_000
END_MS = 10 * DAY_MS


def _figures(**given: Any) -> Figures:
    usual: dict[str, Any] = {
        "subject": "u1",
        "is_user": True,
        "visits": 4,
        "last_ms": 8 * DAY_MS,
        "page_views": 10,
        "engaged_ms": 60_000,
        "conversions": 1,
        "errors": 2,
        "mobile_visits": 1,
        "sections": 3,
        "main_section_views": 5,
        "local_hours": {6: 4},
    }
    return Figures(**(usual | given))


def _by_name(figures: Figures) -> dict[str, float]:
    [row] = features.values([figures], END_MS)
    return dict(zip(NAMES, row.tolist(), strict=True))


def test_each_feature_is_in_the_unit_that_it_states() -> None:
    assert _by_name(_figures()) == pytest.approx(
        {
            "visits": 4,
            "recency_days": 2,
            "pages_per_visit": 2.5,
            "engaged_s_per_visit": 15,
            "sections": 3,
            "main_section_share": 0.5,
            "mobile_share": 0.25,
            "conversions_per_visit": 0.25,
            "errors_per_visit": 0.5,
            "hour_cos": 0,
            "hour_sin": 1,
        },
        abs=1e-12,
    )


def test_hours_around_midnight_have_midnight_as_their_mean() -> None:
    found = _by_name(_figures(local_hours={23: 2, 1: 2}))
    assert found["hour_sin"] == pytest.approx(0, abs=1e-12)
    assert found["hour_cos"] == pytest.approx(np.cos(np.pi / 12))


def test_a_subject_without_anything_but_a_visit_has_no_undefined_value() -> None:
    found = _by_name(_figures(visits=1, page_views=0, engaged_ms=0, sections=0, main_section_views=0, local_hours={}))
    assert all(np.isfinite(list(found.values())))


def test_subjects_have_mean_zero_and_the_deviation_of_the_weight() -> None:
    random = np.random.default_rng(1)
    matrix = random.uniform(1, 2, (200, len(FEATURES)))
    points = features.scale_of(matrix).coordinates(matrix)
    assert points.mean(axis=0) == pytest.approx(np.zeros(len(FEATURES)), abs=1e-9)
    assert points.std(axis=0) == pytest.approx([feature.weight for feature in FEATURES])


def test_a_feature_that_all_share_moves_nobody() -> None:
    matrix = features.values([_figures(), _figures(errors=9)], END_MS)
    points = features.scale_of(matrix).coordinates(matrix)
    moving = {NAMES[index] for index in np.flatnonzero(np.abs(points).sum(axis=0))}
    assert moving == {"errors_per_visit"}


def test_a_value_far_from_all_others_counts_as_three_deviations() -> None:
    matrix = features.values([*[_figures(page_views=4 + n % 2) for n in range(99)], _figures(page_views=10**9)], END_MS)
    points = features.scale_of(matrix).coordinates(matrix)
    index = NAMES.index("pages_per_visit")
    assert points[-1, index] == 3 * FEATURES[index].weight


def test_the_page_of_learning_names_every_feature_with_its_meaning_scale_and_weight() -> None:
    page = (REPOSITORY / "docs" / "learning.md").read_text("utf-8")
    for one in FEATURES:
        assert f"| `{one.name}` | {one.meaning} | {one.shape} | {one.weight:g} |" in page


@pytest.mark.parametrize(
    ("subjects", "sentence"),
    [([], "have 0 subjects"), ([_figures()], "have 1 subjects"), ([_figures()] * 5, "All 5 subjects.* identical")],
)
def test_too_little_to_learn_from_is_a_sentence(subjects: list[Figures], sentence: str) -> None:
    with pytest.raises(TooLittleData, match=sentence):
        features.scale_of(features.values(subjects, END_MS))

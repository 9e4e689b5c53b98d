"""Percentiles are nearest ranks, what is good follows from exact counts, and nothing depends on order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.metrics.histogram import BOUNDS_MS, bucket
from footfall.metrics.web_vitals import COLUMNS, FIELDS, LIMITS, Vitals, columns_of, no_views, p75, rating, vitals_of

VALUES = st.none() | st.integers(0, 600_000) | st.integers(0, 5_000)
VIEWS = st.lists(st.tuples(VALUES, VALUES, VALUES, VALUES), max_size=30)


def columns(vitals: Vitals) -> dict[str, object]:
    return dict(columns_of({name: (p75(one), one.good, one.poor, one.count) for name, one in vitals.by_field.items()}))


@given(VIEWS)
def test_figures_are_those_of_the_sorted_values(views: list[tuple[int | None, ...]]) -> None:
    found = vitals_of(views)
    assert found.views == len(views)
    for place, (field, vital) in enumerate(found.by_field.items()):
        values = sorted(view[place] or 0 for view in views if view[place] is not None)
        assert vital.count == len(values)
        if not values:
            assert p75(vital) is None
            assert rating(vital.good, vital.poor, vital.count) is None
            continue
        # The smallest value that at least three of four do not exceed.
        true = next(value for value in values if 4 * sum(other <= value for other in values) >= 3 * len(values))
        assert p75(vital) == BOUNDS_MS[bucket(true)]
        good, poor = LIMITS[field]
        wanted = "good" if true <= good else "needs improvement" if true <= poor else "poor"
        assert rating(vital.good, vital.poor, vital.count) == wanted


@given(VIEWS, VIEWS)
def test_sums_are_those_of_all_views(some: list[tuple[int | None, ...]], others: list[tuple[int | None, ...]]) -> None:
    total = no_views()
    for views in (others, some):
        total.add(vitals_of(views))
    assert total == vitals_of([*some, *others])


@pytest.mark.parametrize(
    ("field", "good", "improvable", "poor"),
    [
        ("lcp_ms", 2_500, 4_000, 4_001),
        ("inp_ms", 200, 500, 501),
        ("cls_milli", 100, 250, 251),
        ("ttfb_ms", 800, 1_800, 1_801),
    ],
)
def test_limits_are_those_of_web_dev(field: str, good: int, improvable: int, poor: int) -> None:
    def rated(value: int) -> object:
        view = tuple(value if name == field else None for name in FIELDS)
        one = vitals_of([view]).by_field[field]
        return rating(one.good, one.poor, one.count)

    assert [rated(value) for value in (good, good + 1, improvable, poor)] == [
        "good",
        "needs improvement",
        "needs improvement",
        "poor",
    ]


def test_the_columns_of_questions() -> None:
    views = [(2_400, None, 90, 700), (2_600, None, 110, 700), (2_600, None, 300, 700), (5_000, None, 300, 900)]
    found = columns(vitals_of(views))
    assert tuple(found) == COLUMNS
    assert found == {
        # Upper bounds of buckets.
        "lcp_p75_ms": 2_648,
        "inp_p75_ms": None,
        "cls_p75": 0.3,
        "ttfb_p75_ms": 703,
        "lcp_good_share": 0.25,
        "inp_good_share": None,
        "cls_good_share": 0.25,
        "ttfb_good_share": 0.75,
        "lcp_rating": "needs improvement",
        "inp_rating": None,
        "cls_rating": "poor",
        "ttfb_rating": "good",
    }
    assert set(columns(no_views()).values()) == {None}

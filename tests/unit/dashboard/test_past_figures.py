"""The arithmetic of the history page."""

from typing import Any

import pytest

from footfall.dashboard.figures import City, MapPoint
from footfall.dashboard.past_figures import Country, Figure, by_day, change, cities, countries, figures, on_map, ratio
from tests.unit.dashboard.past_rows import DAY, days_up_to, place_row, summary_row


def _figure(label: str) -> Figure:
    return next(figure for figure in figures() if figure.label == label)


def test_rows_of_a_site_or_of_all_together_by_day() -> None:
    rows = [summary_row(day, app) for day in days_up_to(2) for app in ("all", "shop")]
    assert [row["app_id"] for row in by_day(rows, None).values()] == ["all", "all"]
    assert list(by_day(rows, "shop")) == days_up_to(2)
    assert by_day(rows, "news") == {}


@pytest.mark.parametrize(
    ("label", "now", "before", "expected"),
    [
        ("visits", {"visits": 150}, {"visits": 120}, 0.25),
        ("visits", {"visits": 90}, {"visits": 120}, -0.25),
        ("visits", {"visits": 90}, {"visits": 0}, None),
        ("visits", {"visits": 2002}, {"visits": 2000}, 0.001),
        ("visits", {"visits": 20_001}, {"visits": 20_000}, 0.0),
        ("bounce rate", {"bounce_rate": 0.5}, {"bounce_rate": 0.25}, 0.25),
        ("error rate", {"error_rate": 0.25}, {"error_rate": 0.0}, 0.25),
        ("error rate", {"error_rate": None}, {"error_rate": 0.25}, None),
        ("response, p95", {"p95_ms": 100}, {"p95_ms": None}, None),
        ("engaged time in each visit", {"engaged_ms": 300, "visits": 2}, {"engaged_ms": 100, "visits": 1}, 0.5),
        ("engaged time in each visit", {"engaged_ms": 0, "visits": 0}, {"engaged_ms": 1, "visits": 1}, None),
    ],
)
def test_changes_are_relative_and_those_of_shares_are_differences(
    label: str, now: dict[str, Any], before: dict[str, Any], expected: float | None
) -> None:
    found = change(_figure(label), summary_row(DAY, **now), summary_row(DAY, **before))
    assert found == (None if expected is None else pytest.approx(expected))


def test_nothing_is_compared_with_an_unknown_day() -> None:
    assert change(_figure("visits"), summary_row(DAY), None) is None


def test_revenue_is_only_named_where_something_is_sold() -> None:
    conversions = _figure("conversions")
    of_all, of_one = (summary_row(DAY, app, revenue_cents=123_405) for app in ("all", "shop"))
    assert conversions.also(of_all) == "revenue 1,234.05 in the sites' currencies"
    assert conversions.also(of_one) == "revenue 1,234.05 in the site's currency"
    assert conversions.also(summary_row(DAY, revenue_cents=0)) is None


def test_ratio() -> None:
    assert ratio(1, 4) == 0.25
    assert ratio(1, 0) is None


def test_countries_sum_sites_and_count_unknown_ones() -> None:
    rows = [place_row("DE", 30), place_row("DE", 10, "news"), place_row("AT", 40), place_row(None, 20)]
    found = countries(rows)
    assert found == [
        Country("AT", 40, 160, 1_800_000, 1.0, 0.4),
        Country("DE", 40, 160, 1_800_000, 1.0, 0.4),
        Country(None, 20, 80, 900_000, 0.5, 0.2),
    ]
    assert on_map(found) == [MapPoint("AT", 40, 1.0), MapPoint("DE", 40, 1.0)]
    assert countries([]) == []


def test_cities_sum_sites_and_keep_cities_of_one_name_apart() -> None:
    berlin: dict[str, Any] = {"city": "Berlin", "region": "DE-BE", "latitude": 52.5, "longitude": 13.4}
    rows = [
        place_row("DE", 10, **berlin),
        place_row("DE", 5, "news", **berlin),
        place_row("US", 5, city="Berlin", region="US-NH"),
        place_row("DE", 7),
    ]
    assert cities(rows) == [City("DE", "Berlin", 52.5, 13.4, 60, 1.0), City("US", "Berlin", None, None, 20, 1 / 3)]

"""The arithmetic that turns rows of questions into figures on a page."""

import pytest

from footfall.dashboard.figures import (
    ALL,
    City,
    Usual,
    VisitPage,
    as_of_ms,
    city_views,
    events_per_second,
    minutes,
    places,
    ranked,
    sites,
    usual,
    visit_pages,
)
from footfall.events.times import format_rfc3339_ms
from footfall.site_registry import DEMO_SITES
from tests.unit.dashboard.rows import AT_MS, MINUTE_MS, active_row, city_row, metrics_row, visits_row


def test_as_of_is_the_oldest_and_unknown_before_the_first_count() -> None:
    older = format_rfc3339_ms(AT_MS - 5000)
    assert as_of_ms([active_row("shop", 1), active_row("news", 1, as_of_at=older)]) == AT_MS - 5000
    assert as_of_ms([active_row("shop", 1, as_of_at=format_rfc3339_ms(0)), active_row("news", 1)]) is None
    assert as_of_ms([]) is None


def test_events_per_second_divides_by_the_elapsed_time() -> None:
    # 30 s of the minute have passed, so two minutes' rows span 90 s; the third row is older than that.
    rows = [metrics_row(0, events=30), metrics_row(1, events=60), metrics_row(2, events=6000)]
    assert events_per_second(rows, AT_MS, DEMO_SITES) == {ALL: 1.0, "shop": 1.0, "news": 0.0, "academy": 0.0}


def test_events_per_second_sums_apps_and_never_sums_a_sum() -> None:
    rows = [metrics_row(1, "shop", events=90), metrics_row(1, "news", events=180), metrics_row(1, "all", events=270)]
    rates = events_per_second(rows, AT_MS, DEMO_SITES)
    assert (rates[ALL], rates["shop"], rates["news"]) == (3.0, 1.0, 2.0)


def test_events_per_second_at_the_turn_of_a_minute() -> None:
    at_ms = AT_MS // MINUTE_MS * MINUTE_MS
    assert events_per_second([metrics_row(1, events=120)], at_ms, DEMO_SITES)["shop"] == 2.0


def test_sites_keep_their_order_and_take_figures_of_the_last_complete_minute() -> None:
    metrics = [
        metrics_row(0, "news", error_rate=0.9, p95_ms=9),
        metrics_row(2, "news", error_rate=0.2, p95_ms=2),
        metrics_row(1, "news", errors=2, error_rate=0.1, p95_ms=1),
    ]
    table = sites([active_row("news", 12), active_row(ALL, 30)], metrics, AT_MS, DEMO_SITES)
    assert [site.app_id for site in table] == [ALL, "shop", "news", "academy"]
    everyone, shop, news, _ = table
    assert (everyone.active_5m, everyone.error_rate, everyone.p95_ms) == (30, 0.1, 1)
    assert (news.active_5m, news.error_rate, news.p95_ms) == (12, 0.1, 1)
    assert (shop.active_5m, shop.p95_ms) == (0, None)


def test_the_line_of_all_sites_has_the_figures_of_the_tiles() -> None:
    metrics = [
        metrics_row(1, "shop", page_views=20, errors=3, error_rate=3 / 24, p95_ms=80),
        metrics_row(1, "news", page_views=16, p95_ms=120),
        metrics_row(2, "news", page_views=16, p95_ms=900),
        # Nobody was on this site in the last complete minute. An older one's p95 would exceed that of all sites.
        metrics_row(2, "academy", page_views=16, p95_ms=700),
    ]
    everyone, shop, news, academy = sites([], metrics, AT_MS, DEMO_SITES)
    assert (everyone.error_rate, everyone.p95_ms) == (3 / 40, 120)
    assert (shop.p95_ms, news.p95_ms, academy.p95_ms) == (80, 120, None)


def test_sites_without_metrics_have_no_rate_rather_than_zero() -> None:
    table = sites([active_row("shop", 1)], [], AT_MS, DEMO_SITES)
    assert table[1].events_per_s is None
    assert (table[0].error_rate, table[0].p95_ms) == (None, None)


def test_minutes_fill_gaps_and_end_with_the_current_one() -> None:
    rows = [
        metrics_row(0, events=5),
        metrics_row(0, "news", events=6),
        metrics_row(2, events=7),
        metrics_row(3, events=8),
    ]
    series = minutes(rows, AT_MS, count=3)
    assert [m.events for m in series] == [7, 0, 11]
    assert [m.is_complete for m in series] == [True, True, False]
    # 30 s of the current minute have passed.
    assert [m.per_second for m in series] == [7 / 60, 0.0, 11 / 30]
    assert series[-1].minute_ms == AT_MS // MINUTE_MS * MINUTE_MS


def test_a_minute_that_just_began_has_no_huge_rate() -> None:
    at_ms = AT_MS // MINUTE_MS * MINUTE_MS
    assert minutes([metrics_row(0, events=3)], at_ms, count=1)[0].per_second == 3.0


def test_ranking_sums_minutes_and_breaks_ties_by_name() -> None:
    rows = [
        metrics_row(0, value="/b", page_views=5),
        metrics_row(1, value="/b", page_views=5, errors=2),
        metrics_row(0, value="/a", page_views=10),
        metrics_row(0, "news", "/a", page_views=20),
        metrics_row(0, value="/unseen", page_views=0),
    ]
    lines = ranked(rows, AT_MS)
    assert [(line.app_id, line.value, line.page_views) for line in lines] == [
        ("news", "/a", 20),
        ("shop", "/a", 10),
        ("shop", "/b", 10),
    ]
    assert [line.share for line in lines] == [1.0, 0.5, 0.5]
    assert lines[2].errors == 2
    assert len(ranked(rows, AT_MS, limit=1)) == 1


def test_a_page_that_only_fails_is_listed() -> None:
    assert ranked([metrics_row(0, value="/x", page_views=0, errors=3)], AT_MS)[0].share == 0.0


@pytest.mark.parametrize("rows", [[], [metrics_row(0, value="/x", page_views=0)]])
def test_nothing_viewed_ranks_nothing(rows: list[dict[str, object]]) -> None:
    assert ranked(rows, AT_MS) == []


def test_a_minute_sums_its_sites_and_shows_the_slowest() -> None:
    rows = [
        metrics_row(1, "shop", visitors=5, page_views=20, errors=3, error_rate=3 / 24, p95_ms=80),
        metrics_row(1, "news", visitors=7, page_views=16, errors=0, error_rate=0.0, p95_ms=120),
        metrics_row(1, "academy", visitors=1, page_views=0, errors=0, error_rate=None, p95_ms=None),
    ]
    before, now = minutes(rows, AT_MS, count=2)
    # Four of the shop's attempts were error events, not page views.
    assert (before.visitors, before.error_rate, before.p95_ms) == (13, 3 / 40, 120)
    assert (now.visitors, now.error_rate, now.p95_ms) == (0, None, None)


def test_the_usual_range_leaves_out_extremes_and_needs_ten_minutes() -> None:
    assert usual([1.0] * 9 + [None] * 9) is None
    assert usual([*range(40), None]) == Usual(2, 37)
    assert usual(range(10)) == Usual(0, 9)


@pytest.mark.parametrize(("value", "far"), [(10, False), (31, True), (29, False), (1, False), (-11, True)])
def test_far_is_beyond_the_range_by_its_own_width(value: float, far: bool) -> None:
    assert Usual(10, 20).is_far(value) is far


def test_a_constant_figure_may_change_a_little() -> None:
    assert [Usual(10, 10).is_far(value) for value in (7.9, 8.1, 11.9, 12.1)] == [True, False, False, True]


def test_a_page_rises_or_falls_only_by_more_than_chance() -> None:
    # 30 s of the current minute have passed, so 270 s are compared with the 300 s before.
    rows = [metrics_row(0, value="/up", page_views=60), metrics_row(6, value="/up", page_views=40)]
    rows += [metrics_row(1, value="/same", page_views=40), metrics_row(9, value="/same", page_views=40)]
    rows += [metrics_row(4, value="/down", page_views=9), metrics_row(5, value="/down", page_views=40)]
    rows += [metrics_row(0, value="/new", page_views=30)]
    found = {line.value: line for line in ranked(rows, AT_MS)}
    assert found["/up"].change == pytest.approx(60 / 36 - 1)
    assert found["/down"].change == pytest.approx(9 / 36 - 1)
    assert (found["/same"].change, found["/new"].change) == (None, None)
    assert [found[path].page_views for path in ("/up", "/down")] == [60, 9]


def test_places_sum_sites_and_leave_out_unknown_and_empty_ones() -> None:
    rows = [
        active_row("shop", 3, dimension="country", value="DE"),
        active_row("news", 2, dimension="country", value="DE"),
        active_row("news", 5, dimension="country", value="AT"),
        active_row("news", 9, dimension="country", value=None),
        active_row("news", 0, dimension="country", value="FR"),
    ]
    assert [(place.country, place.people, place.share) for place in places(rows)] == [("AT", 5, 1.0), ("DE", 5, 1.0)]
    assert places([]) == []


def test_cities_sum_sites_and_keep_cities_of_one_name_apart() -> None:
    rows = [
        city_row("Berlin", 3),
        city_row("Frankfurt", 4, latitude=50.1, longitude=8.7),
        city_row("Frankfurt", 3, latitude=52.3, longitude=14.6),
        city_row("Berlin", 5, app_id="news"),
        city_row("Aachen", 3, country=None, latitude=None, longitude=None),
        city_row("Ulm", 0),
    ]
    assert city_views(rows) == [
        City("DE", "Berlin", 52.5, 13.4, 8, 1.0),
        City("DE", "Frankfurt", 50.1, 8.7, 4, 0.5),
        City(None, "Aachen", None, None, 3, 0.375),
        City("DE", "Frankfurt", 52.3, 14.6, 3, 0.375),
    ]
    assert city_views([city_row("Ulm", 0)]) == []


def test_pages_where_visits_begin_are_ranked_apart_from_those_where_they_end() -> None:
    rows = [visits_row("/b", 4, 0), visits_row("/a", 2, 1), visits_row("/b", 4, 5, "news"), visits_row("/c", 0, 10)]
    assert visit_pages(rows, "entries_30m") == [
        VisitPage("news", "/b", 4, 1.0),
        VisitPage("shop", "/b", 4, 1.0),
        VisitPage("shop", "/a", 2, 0.5),
    ]
    assert visit_pages(rows, "exits_30m", limit=2) == [
        VisitPage("shop", "/c", 10, 1.0),
        VisitPage("news", "/b", 5, 0.5),
    ]
    assert visit_pages([visits_row("/a", 0, 1)], "entries_30m") == []

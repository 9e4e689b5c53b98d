"""The head of the history page, and the links between pages and days."""

from datetime import date

from footfall.dashboard.components.history.head import head, neighbours
from footfall.dashboard.components.page_switch import HISTORY, page_switch
from tests.unit.dashboard.past_rows import DAY, days_up_to, published


def test_the_day_with_its_neighbours() -> None:
    days = days_up_to(3)
    text = head(days[1], published(*days), "shop").text
    assert "<strong>Friday, 27 November 2026</strong>, published 29 Nov 07:12:31 UTC" in text
    assert '<a href="?view=history&amp;date=2026-11-26&amp;app=shop" target="_self" rel="prev">← Thu 26 Nov</a>' in text
    assert '<a href="?view=history&amp;date=2026-11-28&amp;app=shop" target="_self" rel="next">Sat 28 Nov →</a>' in text


def test_a_neighbour_in_another_year_is_named_with_it() -> None:
    days = days_up_to(3, date(2027, 1, 2))
    text = head(days[1], published(*days), None).text
    assert "← Thu 31 Dec 2026</a>" in text
    assert "Sat 2 Jan →</a>" in text


def test_neighbours_skip_days_that_are_not_published() -> None:
    days = days_up_to(5)
    assert neighbours([days[4], days[0]], days[2]) == (days[0], days[4])
    assert neighbours([DAY], DAY) == (None, None)
    assert "ff-beside" not in head(DAY, published(DAY), None).text


def test_a_day_that_is_not_published_says_so() -> None:
    assert "</strong>, not published" in head(DAY, {}, None).text
    assert "published" not in head(None, {}, None).text


def test_the_switch_keeps_the_site_and_marks_the_page() -> None:
    text = page_switch(HISTORY, "shop").text
    assert '<a href="?app=shop" target="_self">Live</a>' in text
    assert '<a href="?view=history&amp;app=shop" target="_self" aria-current="page">History</a>' in text
    assert '<a href="?" target="_self" aria-current="page">Live</a>' in page_switch(None, None).text

"""The answers about one day: each is asked once for a published run, and only about published days."""

from datetime import timedelta

from footfall.dashboard.data.past_days import PastDay, chart_days
from footfall.dashboard.data.readings import Readings
from footfall.workflows.day_ranges import consecutive
from tests.unit.dashboard.past_rows import DAY, MadeUpPast, days_up_to, published

_DAY = timedelta(days=1)


def test_the_chart_has_the_newest_days_or_those_up_to_an_older_one() -> None:
    days = days_up_to(20)
    assert chart_days(days, DAY) == days[-14:]
    assert chart_days(days, days[6]) == days[-14:]
    assert chart_days(days, days[5]) == days[:6]
    assert chart_days(days[:3], days[1]) == days[:3]


def test_days_are_divided_where_one_is_missing() -> None:
    days = days_up_to(5)
    assert consecutive(days) == [days]
    assert consecutive([days[4], days[0], days[1]]) == [[days[0], days[1]], [days[4]]]
    assert consecutive([]) == []


def test_the_summary_never_asks_about_a_day_that_is_not_published() -> None:
    source = MadeUpPast()
    del source.days[DAY - 2 * _DAY]
    past = PastDay(Readings(source), source.published(), DAY)
    assert {row["dt"] for row in past.summary().value or []} == {str(day) for day in source.days}
    ranges = [(asked["from"], asked["to"]) for _, asked in source.parameters]
    assert ranges == [("2026-11-21", "2026-11-25"), ("2026-11-27", "2026-11-28")]
    assert {row["app_id"] for row in past.of_day()} == {"all", "shop", "news", "academy"}
    assert {row["dt"] for row in past.of_day()} == {str(DAY)}


def test_an_old_day_is_compared_with_days_outside_the_chart() -> None:
    source = MadeUpPast()
    source.days = published(*days_up_to(30))
    PastDay(Readings(source), source.published(), days_up_to(30)[16]).summary()
    # The chart begins on that day; the week before it is read with it.
    assert [(asked["from"], asked["to"]) for _, asked in source.parameters] == [
        ("2026-11-08", "2026-11-08"),
        ("2026-11-14", "2026-11-28"),
    ]


def test_an_answer_is_kept_until_its_day_is_published_again() -> None:
    source = MadeUpPast()
    readings = Readings(source)
    for _ in range(2):
        assert PastDay(readings, source.published(), DAY, "shop").pages().value
    assert source.asked == ["most-visited-pages"]
    source.days |= published(DAY, run="r2")
    assert PastDay(readings, source.published(), DAY, "shop").pages().value
    assert source.asked == ["most-visited-pages"] * 2


def test_each_question_is_asked_for_the_lines_that_are_shown_and_for_the_site() -> None:
    source = MadeUpPast()
    PastDay(Readings(source), source.published(), DAY, "news").pages()
    PastDay(Readings(source), source.published(), DAY).paths()
    assert source.parameters == [
        ("most-visited-pages", {"date": "2026-11-28", "app": "news", "limit": 15}),
        (
            "navigation-paths",
            {"date": "2026-11-28", "app": "all", "by": "page_type", "length": 3, "limit": 10},
        ),
    ]


def test_a_day_is_settled_once_everything_has_arrived() -> None:
    source = MadeUpPast()
    past = PastDay(Readings(source), source.published(), DAY)
    past.summary()
    past.errors()
    assert past.is_settled
    source.hive = False
    past.slow_pages()
    assert not past.is_settled

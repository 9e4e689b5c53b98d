"""The history page in each of its states, drawn by Streamlit without a browser or an engine."""

import html
from datetime import date, timedelta
from typing import Any

from footfall.dashboard.data.readings import Reading, Readings
from footfall.site_registry import Site
from footfall.warehouse.published import Published
from tests.unit.dashboard.drawing import drawn, history_page, lines, page
from tests.unit.dashboard.past_rows import DAY, MadeUpPast, published, quality_row, summary_row
from tests.unit.dashboard.rows import HOSTILE

_PANELS = (
    "The day",
    "Most visited pages",
    "Sections",
    "Users by plan",
    "Paths",
    "From page to page",
    "Where from",
    "Errors",
    "Slow pages",
    "How fast it felt",
)


def test_all_panels_of_the_newest_day() -> None:
    source = MadeUpPast()
    test = history_page(source)
    text = drawn(test)
    assert not test.exception
    for title in _PANELS:
        assert f"<h2>{title}</h2>" in text
    assert "Saturday, 28 November 2026" in text
    assert "<strong>2,100</strong><span>visits</span>" in text
    assert "ff-trouble" not in text
    assert "Data quality" not in text
    assert test.selectbox[0].options[:2] == ["Sat 28 Nov 2026", "Fri 27 Nov 2026"]
    assert len(source.asked) == len({(name, str(asked)) for name, asked in source.parameters}) == 13


def test_a_page_of_one_site_shows_no_other() -> None:
    text = drawn(history_page(MadeUpPast(), app="news"))
    assert 'data-app="news"' in text
    assert 'data-app="shop"' not in text
    assert "There is no site" not in text
    assert "There is no site" not in drawn(history_page(MadeUpPast(), app="all"))
    text = drawn(history_page(MadeUpPast(), app="elsewhere<b>"))
    assert 'data-app="shop"' in text
    assert "There is no site <bdi>elsewhere&lt;b&gt;</bdi>, so all sites are shown." in text


def test_choices_are_in_the_address() -> None:
    test = history_page(MadeUpPast(), view="history")
    test.selectbox[0].set_value(DAY - timedelta(days=2)).run()
    assert test.query_params["date"] == "2026-11-26"
    assert "Thursday, 26 November 2026" in drawn(test)
    test.button_group[0].set_value("shop").run()
    assert test.query_params["app"] == "shop"
    assert test.query_params["view"] == "history"
    assert 'data-app="news"' not in drawn(test)
    test.button_group[0].set_value("all").run()
    assert "app" not in test.query_params
    assert "Thursday, 26 November 2026" in drawn(test)


def test_a_removed_site_can_still_be_chosen() -> None:
    class Removed(MadeUpPast):
        def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
            found = super().ask(question, **parameters)
            return [*found, summary_row(DAY, "blog", visits=77)] if question == "daily-summary" else found

    source = Removed()
    source.registered = (Site(app_id="shop", title="Shop"),)
    test = history_page(source, app="blog")
    assert test.button_group[0].value == "blog"
    assert "<strong>77</strong><span>visits</span>" in drawn(test)


def test_warnings_stand_above_the_figures() -> None:
    class Odd(MadeUpPast):
        def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
            if question == "data-quality":
                return [quality_row("change to a week before", "warning")]
            return super().ask(question, **parameters)

    text = drawn(history_page(Odd()))
    assert lines(text, "Data quality") == [[], ["warning", "change to a week before", "fact_events", "0.25", "0.1"]]
    assert text.index("Data quality") < text.index("<h2>The day</h2>")


def test_hostile_strings_are_text_and_no_widget_interprets_them() -> None:
    test = history_page(MadeUpPast(), date=" ".join(HOSTILE))
    assert not test.markdown
    text = drawn(test) + drawn(history_page(MadeUpPast()))
    for hostile in HOSTILE:
        assert html.escape(hostile, quote=True) in text
    assert "<script" not in text
    assert "<img" not in text


def test_before_the_first_day_the_page_says_what_to_run() -> None:
    source = MadeUpPast()
    source.days = {}
    test = history_page(source)
    text = drawn(test)
    assert "No day is published yet" in text
    assert "<code>./footfall history --days 7</code>" in text
    assert "<code>./footfall batch --date 20" in text
    assert not test.selectbox
    assert source.asked == []


def test_a_day_that_is_not_published_has_the_questions_own_sentence() -> None:
    test = history_page(MadeUpPast(), date="2026-11-01")
    text = drawn(test)
    assert "2026-11-01 has events and is not published." in text
    assert "Sunday, 1 November 2026" in text
    assert test.selectbox[0].value is None
    assert 'rel="next">Sat 21 Nov →</a>' in text
    assert "<h2>The day</h2>" not in text


def test_without_hive_one_panel_says_so() -> None:
    source = MadeUpPast(hive=False)
    text = drawn(history_page(source))
    assert text.count("Hive at 127.0.0.1:10000 does not answer.") == 1
    assert "The live page is not affected." in text
    assert len(source.asked) == 1
    assert "ff-trouble" not in drawn(page(source))


def test_without_hdfs_the_page_says_so() -> None:
    source = MadeUpPast(hdfs=False)
    text = drawn(history_page(source, date=str(DAY)))
    assert text.count("HDFS at 127.0.0.1:9870 does not answer.") == 1
    assert "No day is published" not in text
    assert "ff-trouble" not in drawn(page(source))


def test_a_panel_that_cannot_be_drawn_leaves_the_others() -> None:
    class Odd(MadeUpPast):
        def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
            if question == "most-visited-pages":
                return [{"unexpected": 1}]
            return super().ask(question, **parameters)

    test = history_page(Odd())
    text = drawn(test)
    assert not test.exception
    assert text.count("This panel cannot be drawn") == 1
    assert "<h2>Slow pages</h2>" in text


def test_a_day_that_is_published_meanwhile_appears_by_itself() -> None:
    source = MadeUpPast()

    class Renewed(Readings):
        """Sees another published day from the second look on."""

        looks = 0

        def published(self) -> Reading[dict[date, Published]]:
            self.looks += 1
            tomorrow = published(DAY + timedelta(days=1))
            return Reading(source.days if self.looks == 1 else source.days | tomorrow, 1)

    assert "Sunday, 29 November 2026" in drawn(history_page(source, Renewed(source, patience_s=5)))

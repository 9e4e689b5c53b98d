"""The live page in each of its states, drawn by Streamlit without a browser or an engine."""

import html
import re
from typing import Any

import pytest

from footfall.dashboard.data.recent_views import PageView
from footfall.lags import ConsumerLag
from footfall.site_registry import Site
from tests.unit.dashboard.drawing import drawn, page
from tests.unit.dashboard.rows import HOSTILE, MadeUp, active_row, metrics_row, page_view, visits_row


def test_all_panels_with_everything_up() -> None:
    test = page(MadeUp())
    text = drawn(test)
    assert not test.exception
    for title in (
        "Active now",
        "Alerts",
        "Where from",
        "Latest navigation",
        "Where visits begin",
        "Where visits end",
        "Errors",
        "How fast it felt",
        "Top pages",
        "Top sections",
        "Pipeline lag",
    ):
        assert f"<h2>{title}</h2>" in text
    for app in ("shop", "news", "academy"):
        assert f'data-app="{app}"' in text
    assert "ff-trouble" not in text
    assert "<strong>7</strong>" in text
    assert text.count("ff-ranking") == 4
    assert "One visit" not in text


def test_a_page_of_one_site_shows_no_other() -> None:
    test = page(MadeUp(), app="news")
    text = drawn(test)
    assert 'data-app="news"' in text
    assert 'data-app="shop"' not in text
    assert 'data-app="all"' not in text
    assert "errors:shop" not in text
    assert "There is no site" not in text
    for odd, is_known in (("all", True), ("elsewhere", False)):
        text = drawn(page(MadeUp(), app=odd))
        assert 'data-app="shop"' in text
        assert ("There is no site" not in text) == is_known


class Blogging(MadeUp):
    """Three sites and a blog."""

    def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
        found = super().ask(question, **parameters)
        if question == "live-active-users" and parameters["by"] == "app":
            return [*found, active_row("blog", 5)]
        if question == "live-metrics":
            return [*found, metrics_row(1, "blog", None if parameters["by"] == "app" else "/note", p95_ms=4321)]
        if question == "live-visits":
            return [*found, visits_row("/note", 9, 9, "blog")]
        return found

    def latest(self) -> list[PageView]:
        return [page_view(app_id="blog", page_title="Field notes")]


@pytest.mark.parametrize("registered", [True, False])
def test_a_fourth_site_is_shown_registered_or_not(registered: bool) -> None:
    source = Blogging()
    if registered:
        source.registered += (Site(app_id="blog", title="Field notes", colour="#2f6b2a"),)
    test = page(source)
    text = drawn(test)
    assert not test.exception
    # In the table of sites, the newest views, pages and sections, and where visits begin and end.
    assert text.count('data-app="blog"') == 6
    assert "4,321 ms" in text
    assert "color:var(--ff-site-blog,var(--ff-hue-" in text
    styles = "\n".join(element.proto.body for element in test.get("html"))
    assert ("--ff-site-blog: #2f6b2a;" in styles) is registered
    # Chosen alone, it is the only one.
    alone = drawn(page(source, app="blog"))
    assert 'data-app="blog"' in alone
    assert 'data-app="shop"' not in alone
    assert "ff-trouble" not in alone


def test_hostile_strings_are_text_and_no_widget_interprets_them() -> None:
    test = page(MadeUp(), session="s1")
    text = drawn(test)
    for hostile in HOSTILE:
        assert html.escape(hostile, quote=True) in text
    assert "<script" not in text
    assert "<img" not in text
    # The page has no Markdown at all, so no visitor's string can ever reach it.
    assert not test.markdown


def test_hbase_down_says_what_still_works() -> None:
    text = drawn(page(MadeUp(hbase=False)))
    assert text.count("HBase at 127.0.0.1:9090 does not answer.") == 9
    assert "There are no live figures at the moment" in text
    assert "Nothing is lost" in text
    assert "ff-stream" in text


def test_kafka_down_leaves_the_figures() -> None:
    text = drawn(page(MadeUp(kafka=False)))
    assert text.count("Kafka at 127.0.0.1:9092 does not answer.") == 1
    assert "ff-sites" in text


def test_nothing_has_happened_yet() -> None:
    class Empty(MadeUp):
        def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
            return []

        def latest(self) -> list[PageView]:
            return []

        def lags(self) -> list[ConsumerLag]:
            return []

    text = drawn(page(Empty()))
    assert "Counting has not caught up" in text
    assert "No errors in the last hour" in text
    assert "No page has been viewed yet" in text
    assert "None of these stores is running" in text
    assert "No visit began in the last half hour" in text
    assert "No browser has said in the last hour how fast a page felt" in text
    assert "after a start it takes up to an hour" in text
    assert "ff-trouble" not in text


def test_a_panel_that_cannot_be_drawn_leaves_the_others() -> None:
    class Odd(MadeUp):
        def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
            return [{"unexpected": 1}] if question == "live-errors" else super().ask(question, **parameters)

    test = page(Odd())
    text = drawn(test)
    assert not test.exception
    assert text.count("This panel cannot be drawn") == 1
    assert "ff-sites" in text


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("s1", "2 page views"),
        ("u1", "Last pages that u1 viewed"),
        ("nobody", "No session, user or browser of the last days is called nobody."),
    ],
)
def test_look_up(wanted: str, sentence: str) -> None:
    test = page(MadeUp())
    test.text_input[0].set_value(f" {wanted} ").run()
    assert sentence in drawn(test)


@pytest.mark.parametrize(("query", "title"), [({"session": "s1"}, "One visit"), ({"user": "u1"}, "Recent pages")])
def test_a_link_opens_its_visit_above_the_rest(query: dict[str, str], title: str) -> None:
    text = drawn(page(MadeUp(), **query))
    assert text.index(title) < text.index("Active now")


def test_each_header_differs_so_that_a_page_can_notice_a_lost_connection() -> None:
    test = page(MadeUp(hbase=False))
    first = re.findall(r'data-drawn="(\d+)"', drawn(test))
    second = re.findall(r'data-drawn="(\d+)"', drawn(test.run()))
    assert len(first) == len(second) == 1
    assert first != second

"""The live page in each of its states, drawn by Streamlit without a browser or an engine."""

import html
import re
from typing import Any
from urllib.parse import quote

import pytest
from streamlit.testing.v1 import AppTest

from footfall.dashboard import data
from footfall.dashboard.data import Figures
from footfall.dashboard.errors import Unavailable
from footfall.dashboard.recent_views import PageView
from footfall.events.geo import ATTRIBUTION
from footfall.lags import ConsumerLag
from footfall.site_registry import Site
from tests.unit.dashboard.rows import (
    HOSTILE,
    MadeUp,
    active_row,
    alert_row,
    city_row,
    metrics_row,
    page_view,
    visits_row,
)


def page(source: MadeUp, **query: str) -> AppTest:
    """The page over `source`, drawn once."""

    # Streamlit runs the function's text by itself: nothing of this module is known in it.
    def script(figures):  # type: ignore[no-untyped-def]
        from footfall.dashboard.live import show

        show(figures)

    test = AppTest.from_function(script, kwargs={"figures": Figures(source, patience_s=5)}, default_timeout=30)
    for name, value in query.items():
        test.query_params[name] = value
    return test.run()


def drawn(test: AppTest) -> str:
    """All HTML of the page but its style sheet."""
    bodies = [element.proto.body for element in test.get("html")]
    return "\n".join(body for body in bodies if not body.startswith("<style>"))


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
        "Top pages",
        "Top sections",
        "Behind the sites",
    ):
        assert f"<h2>{title}</h2>" in text
    for app in ("shop", "news", "academy"):
        assert f'data-app="{app}"' in text
    assert "ff-trouble" not in text
    assert "<strong>7</strong>" in text
    assert text.count("ff-ranking") == 4
    assert "One visit" not in text


def test_a_page_of_one_site_tells_of_no_other() -> None:
    test = page(MadeUp(), app="news")
    text = drawn(test)
    assert 'data-app="news"' in text
    assert 'data-app="shop"' not in text
    assert 'data-app="all"' not in text
    assert "errors:shop" not in text
    for odd in ("all", "elsewhere"):
        assert 'data-app="shop"' in drawn(page(MadeUp(), app=odd))


class Blogging(MadeUp):
    """Figures of sites of which a blog is one."""

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


@pytest.mark.parametrize(
    ("rate", "said"), [(0.0, "usually 0.0 %"), (0.015, "usually 0.0 %"), (0.3, "far from usual: 0.0 %")]
)
def test_an_error_rate_is_far_from_usual_only_if_it_is_worth_a_look(rate: float, said: str) -> None:
    class Failing(MadeUp):
        def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
            if question != "live-metrics" or parameters["by"] != "app":
                return super().ask(question, **parameters)
            last = metrics_row(1, page_views=200, errors=round(200 * rate), error_rate=rate)
            return [metrics_row(0, events=30), last, *(metrics_row(minute) for minute in range(2, 20))]

    text = drawn(page(Failing()))
    assert said in text
    assert ("ff-far" in text) is said.startswith("far")


def test_navigation_stands_still_while_it_is_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    # Each drawing asks anew.
    monkeypatch.setattr(data, "FRESH_S", 0.0)

    class Moving(MadeUp):
        looks = 0

        def latest(self) -> list[PageView]:
            self.looks += 1
            return [page_view(page_title=f"look {self.looks}")]

    source = Moving()
    test = page(source)
    assert "look 1" in drawn(test)
    test.toggle[0].set_value(True).run()
    shown = re.findall(r"look \d+", drawn(test))
    assert re.findall(r"look \d+", drawn(test.run())) == shown
    test.toggle[0].set_value(False).run()
    assert re.findall(r"look \d+", drawn(test)) != shown


def test_an_alert_leads_to_what_lies_behind_it() -> None:
    text = drawn(page(MadeUp()))
    assert "80.0 % of 10 page views and browser errors failed; 0.4 % is usual." in text
    assert re.search(r"since 24 Nov [0-9:]+ UTC", text)
    assert "ended after 1 min 30 s" in text
    identity = alert_row("errors")["alert_id"]
    assert f"?alert={quote(identity, safe='')}" in text
    opened = drawn(page(MadeUp(), alert=identity))
    for title in ("Alert", "Errors there", "A request that shows it"):
        assert f"<h2>{title}</h2>" in opened
    assert "<pre><bdi" in opened
    assert "12 ms" in opened
    for hostile in HOSTILE:
        assert html.escape(hostile, quote=True) in opened


def test_an_alert_without_a_request_says_where_to_look() -> None:
    class Dropped(MadeUp):
        def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
            if question == "live-alerts":
                return [alert_row("drop", page_path=None, sample_request_id=None)]
            return super().ask(question, **parameters)

    opened = drawn(page(Dropped(), alert=alert_row("drop", page_path=None)["alert_id"]))
    assert "<code>./footfall status</code>" in opened
    assert "A request that shows it" not in opened


def test_no_alert_is_said_in_words_and_one_that_is_gone_too() -> None:
    class Calm(MadeUp):
        def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
            return [] if question == "live-alerts" else super().ask(question, **parameters)

    opened = drawn(page(Calm(), alert="errors:shop::1"))
    assert "Nothing is out of the ordinary." in opened
    assert "There is no such alert" in opened


def test_what_waits_is_told_by_store() -> None:
    class Behind(MadeUp):
        def lags(self) -> list[ConsumerLag]:
            away = ConsumerLag("archive", None, "", None, "HDFS does not answer: <b>NewConnectionError</b>.")
            return [lag for lag in super().lags() if lag.name != "archive"] + [away]

    text = drawn(page(MadeUp()))
    for told in ("12 events", "1 event<", "3.0 MiB", "1 min 15 s"):
        assert told in text
    text = drawn(page(Behind()))
    assert "HDFS does not answer: &lt;b&gt;NewConnectionError" in text
    assert "12 events" in text


def test_hostile_strings_are_text_and_no_widget_interprets_them() -> None:
    test = page(MadeUp(), session="s1")
    text = drawn(test)
    for hostile in HOSTILE:
        assert html.escape(hostile, quote=True) in text
    assert "<script" not in text
    assert "<img" not in text
    # Whatever Markdown the page had could be given a visitor's string one day: it has none.
    assert not test.markdown


def test_hbase_down_says_what_still_works() -> None:
    text = drawn(page(MadeUp(hbase=False)))
    assert text.count("HBase at 127.0.0.1:9090 does not answer.") == 8
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
    assert "Nothing runs that could be behind" in text
    assert "No visit began in the last half hour" in text
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


def test_errors_of_now_come_before_those_that_are_over_and_newer_before_older() -> None:
    class Failing(MadeUp):
        def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
            rows = super().ask(question, **parameters)
            if question != "live-errors":
                return rows
            kinds = (("over-long-ago", 0, 20), ("over-just-now", 0, 50), ("now", 1, 30))
            return [
                rows[0] | {"error_code": code, "count_5m": count, "last_at": f"2026-11-24T07:{minute}:00.000Z"}
                for code, count, minute in kinds
            ]

    text = drawn(page(Failing()))
    assert text.index(">now<") < text.index(">over-just-now<") < text.index(">over-long-ago<")


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [("s1", "2 page views"), ("u1", "What u1 viewed last"), ("nobody", "there is no such session")],
)
def test_look_up(wanted: str, sentence: str) -> None:
    test = page(MadeUp())
    test.text_input[0].set_value(f" {wanted} ").run()
    assert sentence in drawn(test)


@pytest.mark.parametrize(("query", "title"), [({"session": "s1"}, "One visit"), ({"user": "u1"}, "Recent pages")])
def test_a_link_opens_its_visit_above_the_rest(query: dict[str, str], title: str) -> None:
    text = drawn(page(MadeUp(), **query))
    assert text.index(title) < text.index("Active now")


def test_each_head_is_another_one_so_that_a_page_cut_off_can_tell() -> None:
    test = page(MadeUp(hbase=False))
    first = re.findall(r'data-drawn="(\d+)"', drawn(test))
    second = re.findall(r'data-drawn="(\d+)"', drawn(test.run()))
    assert len(first) == len(second) == 1
    assert first != second


@pytest.mark.parametrize(("country", "shown"), [("DE", True), (None, False)])
def test_whoever_knows_the_places_is_named_where_one_is_shown(country: str | None, shown: bool) -> None:
    class Placed(MadeUp):
        def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
            placed = parameters.get("by") == "country" or question == "live-cities"
            return [] if placed and not shown else super().ask(question, **parameters)

        def latest(self) -> list[PageView]:
            return [page_view(country=country)]

    assert (ATTRIBUTION in drawn(page(Placed()))) is shown


class Travelled(MadeUp):
    """Cities and pages of two sites that can be told apart."""

    def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
        if question == "live-active-users" and parameters["by"] == "country":
            return [active_row("shop", 3, value="DE"), active_row("news", 1, value="FR")]
        if question == "live-cities":
            return [city_row("Berlin", 7), city_row("Nice", 2, app_id="news", country="FR")]
        if question == "live-visits":
            return [visits_row("/tea", 5, 0), visits_row("/rain", 3, 2, "news"), visits_row("/cart", 0, 4)]
        return super().ask(question, **parameters)


def lines(text: str, title: str) -> list[list[str]]:
    """The cells of the lines of a panel's tables, without tags."""
    panel = text[text.index(f"<h2>{title}</h2>") :].split("</section>")[0]
    found = re.findall(r"<tr>(.*?)</tr>", panel)
    return [[re.sub("<[^>]*>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", line)] for line in found]


def test_visits_begin_and_end_on_pages() -> None:
    text = drawn(page(Travelled()))
    assert lines(text, "Where visits begin") == [[], ["shop", "/tea", "5"], ["news", "/rain", "3"]]
    assert lines(text, "Where visits end") == [[], ["shop", "/cart", "4"], ["news", "/rain", "2"]]
    alone = drawn(page(Travelled(), app="news"))
    assert lines(alone, "Where visits begin") == [[], ["news", "/rain", "3"]]
    assert lines(alone, "Where visits end") == [[], ["news", "/rain", "2"]]


def test_cities_stand_in_a_list_and_on_the_map() -> None:
    text = drawn(page(Travelled()))
    assert lines(text, "Where from")[3:] == [[], ["Berlin", "Germany", "7"], ["Nice", "France", "2"]]
    assert re.findall(r'title="([^"]*)" class="ff-city"', text) == ["Berlin: 7 page views", "Nice: 2 page views"]
    alone = drawn(page(Travelled(), app="news"))
    assert lines(alone, "Where from") == [[], ["France", "1"], [], ["Nice", "France", "2"]]
    assert re.findall(r'title="([^"]*)" class="ff-city"', alone) == ["Nice: 2 page views"]


@pytest.mark.parametrize(
    ("failing", "said"), [(False, "No page was viewed from a known city"), (True, "HBase is at rest.")]
)
def test_countries_are_shown_without_cities(failing: bool, said: str) -> None:
    class Rural(Travelled):
        def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
            if question != "live-cities":
                return super().ask(question, **parameters)
            if failing:
                raise Unavailable("HBase is at rest.")
            return []

    text = drawn(page(Rural()))
    assert lines(text, "Where from") == [[], ["Germany", "3"], ["France", "1"]]
    assert said in text
    assert text.count('class="ff-city"') == 1  # in the map's key

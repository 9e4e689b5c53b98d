"""The figures of a day beside those of earlier days."""

import re
from datetime import timedelta
from typing import Any

from footfall.dashboard.components.history.summary import summary_panel
from footfall.dashboard.data.past_days import PastDay
from footfall.dashboard.data.readings import Readings
from tests.unit.dashboard.past_rows import DAY, MadeUpPast, days_up_to, summary_row

_DAY = timedelta(days=1)


class Figures(MadeUpPast):
    """Days with the given figures."""

    def __init__(self, **figures: dict[str, Any]) -> None:
        super().__init__()
        self.figures = figures

    def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
        assert question == "daily-summary"
        days = [day for day in self.days if parameters["from"] <= str(day) <= parameters["to"]]
        return [summary_row(day, "shop", **self.figures.get(f"{day:%a}{day.day}", {})) for day in days]


def _drawn(source: MadeUpPast, app: str | None = "shop") -> str:
    return summary_panel(PastDay(Readings(source), source.published(), DAY, app)).text


def _tile(text: str, label: str) -> str:
    """The words of a tile, without tags."""
    tile = text[: text.index(f"<span>{label}</span>")].rpartition("<strong>")[2]
    tile += text[text.index(f"<span>{label}</span>") :].split("</p>")[0]
    return " ".join(re.sub("<[^>]*>", " ", tile).split())


def test_each_figure_has_its_change_since_the_day_and_the_week_before() -> None:
    text = _drawn(
        Figures(
            Sat28={"visits": 2500, "bounce_rate": 0.25, "p95_ms": 90, "conversions": 1},
            Fri27={"visits": 2000, "bounce_rate": 0.205, "p95_ms": 100, "conversions": 0},
            Sat21={"visits": 3000, "bounce_rate": 0.25, "p95_ms": 80},
        )
    )
    assert _tile(text, "visits") == "2,500 visits ▲ 25.0 % in a day ▼ 16.7 % in a week"
    assert _tile(text, "bounce rate") == "25.0 % bounce rate ▲ 4.5 points in a day no change in a week"
    assert _tile(text, "response, p95") == "90 ms response, p95 ▼ 10.0 % in a day ▲ 12.5 % in a week"
    assert "1 conversion – in a day ▼ 98.0 % in a week revenue 1,234.50 in the site" in _tile(text, "conversion")
    assert _tile(text, "visitors").endswith("300 seen for the first time")
    assert 'role="img" aria-label="up">▲</span>' in text
    # More is not always better.
    assert "ff-bad" not in text


def test_without_the_day_before_there_is_no_change_and_the_note_says_why() -> None:
    source = Figures()
    del source.days[DAY - _DAY]
    text = _drawn(source)
    assert "in a day" not in text
    assert "in a week" in text
    assert "Nothing is compared with Fri 27 Nov, since no such day is published." in text


def test_the_chart_leads_to_each_day() -> None:
    text = _drawn(Figures(Sat28={"visits": 500}, Mon23={"visits": 1000}))
    bars = re.findall(r'<a href="([^"]*)"[^>]*aria-label="([^"]*)"', text)
    assert len(bars) == 8
    assert bars[2] == ("?view=history&amp;date=2026-11-23&amp;app=shop", "Mon 23 Nov: 1,000 visits")
    assert re.search(r'aria-current="date" aria-label="Sat 28 Nov: 500 visits"', text)
    assert text.count("aria-current") == 1
    # The bars' scale begins at zero.
    assert re.search(r'<b>500</b><i style="height:25%">', text)


def test_a_gap_between_days_is_visible() -> None:
    source = Figures()
    del source.days[DAY - 3 * _DAY]
    assert _drawn(source).count("ff-gap") == 1
    assert "ff-gap" not in _drawn(Figures())


def test_a_single_day_has_no_chart() -> None:
    source = Figures()
    source.days = {DAY: source.days[DAY]}
    assert "ff-days" not in _drawn(source)


def test_a_site_without_visits_says_so() -> None:
    assert "There was no visit of a person on this day." in _drawn(Figures(), app="news")


def test_without_visits_no_figure_divides_by_zero() -> None:
    nothing: dict[str, Any] = dict.fromkeys(("visits", "page_views", "engaged_ms"), 0)
    source = Figures(**{f"{day:%a}{day.day}": nothing for day in days_up_to(8)})
    assert _tile(_drawn(source), "engaged time in each visit").startswith("– engaged time")

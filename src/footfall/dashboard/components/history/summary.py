"""The panel "The day": its figures beside those of earlier days, and the visits of the days around it."""

from collections.abc import Container, Iterator
from datetime import date, timedelta
from typing import Final

from footfall.dashboard import wording
from footfall.dashboard.components.history.states import LIVE_IS_NOT_AFFECTED
from footfall.dashboard.components.page_switch import day_address
from footfall.dashboard.components.parts import empty, panel
from footfall.dashboard.data.past_days import PastDay, chart_days
from footfall.dashboard.markup import Html, join, tag
from footfall.dashboard.past_figures import Figure, by_day, change, figures
from footfall.questions.model import Row

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)


def summary_panel(past: PastDay) -> Html:
    """The figures of a day."""
    day, app, published = past.day, past.app, past.published

    def draw(rows: list[Row]) -> Html:
        found = by_day(rows, app)
        if day not in found:
            return empty("There was no visit of a person on this day.")
        shown = [one for one in chart_days(published, day) if one in found]
        tiles = (_tile(figure, found, day, shown) for figure in figures())
        return join(tag("div", *tiles, class_="ff-bigs ff-day"), _chart(found, day, shown, app))

    return panel("The day", _note(day, published), past.summary(), draw, LIVE_IS_NOT_AFFECTED)


def _note(day: date, published: Container[date]) -> str:
    absent = [wording.day(one) for one in (day - _DAY, day - _WEEK) if one not in published]
    compared = "Changes are since the day before, and since the same weekday a week before."
    if absent:
        compared = f"Nothing is compared with {' and '.join(absent)}, since no such day is published."
    return f"People only; bots are left out. {compared}"


def _tile(figure: Figure, found: dict[date, Row], day: date, shown: list[date]) -> Html:
    row = found[day]
    value = figure.of(row)
    also = figure.also(row)
    label = figure.one if figure.one is not None and value == 1 else figure.label
    return tag(
        "div",
        tag(
            "p",
            tag("strong", figure.word(value)),
            tag("span", label),
            *_comparisons(figure, found, day),
            tag("small", also) if also is not None else None,
        ),
        _bars(figure, found, day, shown),
    )


def _comparisons(figure: Figure, found: dict[date, Row], day: date) -> Iterator[Html]:
    for before, words in ((day - _DAY, "in a day"), (day - _WEEK, "in a week")):
        if before in found:
            yield tag("small", *_change(change(figure, found[day], found[before]), figure.is_share), f" {words}")


def _change(value: float | None, is_share: bool) -> tuple[Html | str, ...]:
    """More is not always better, so a change has no colour."""
    if value is None:
        return ("– ",)
    if value == 0:
        return ("no change",)
    mark, word = ("▲", "up") if value > 0 else ("▼", "down")
    size = abs(value) * 100
    amount = f"{size:,.{2 if size < 1 else 1}f} points" if is_share else f"{size:,.1f} %"
    return tag("span", mark, role="img", aria_label=word), f" {amount}"


def _bars(figure: Figure, found: dict[date, Row], day: date, shown: list[date]) -> Html:
    values = [figure.of(found[one]) for one in shown]
    peak = max((value or 0.0 for value in values), default=0.0) or 1.0
    bars = (
        tag(
            "i",
            style=f"height:{max(2, round(100 * (value or 0.0) / peak))}%",
            title=f"{wording.day(one)}: {figure.word(value)}",
            class_=_chosen(one == day),
        )
        for one, value in zip(shown, values, strict=True)
    )
    label = f"{figure.label}, {wording.day(shown[0])} to {wording.day(shown[-1])}; peak {figure.word(peak)}."
    return tag("figure", tag("div", *bars, class_="ff-bars", role="img", aria_label=label))


def _chart(found: dict[date, Row], day: date, shown: list[date], app: str | None) -> Html | None:
    """The visits of each day as bars that lead to their days."""
    if len(shown) < 2:
        return None
    peak = max(found[one]["visits"] for one in shown) or 1
    bars = (
        tag(
            "a",
            tag("b", wording.number(found[one]["visits"])),
            tag("i", style=f"height:{max(2, round(100 * found[one]['visits'] / peak))}%"),
            tag("span", f"{one:%a}"),
            tag("span", f"{one:%-d}", tag("small", f" {one:%b}")),
            href=day_address(one, app),
            target="_self",
            class_=_gap(one, previous),
            aria_current="date" if one == day else None,
            aria_label=f"{wording.day(one)}: {wording.counted(found[one]['visits'], 'visit')}",
        )
        for previous, one in zip([None, *shown], shown, strict=False)
    )
    return join(tag("h3", "Visits by day"), tag("nav", *bars, class_="ff-days", aria_label="Visits by day"))


def _gap(day: date, previous: date | None) -> str | None:
    return "ff-gap" if previous is not None and day - previous > _DAY else None


def _chosen(is_chosen: bool) -> str | None:
    return "ff-chosen" if is_chosen else None

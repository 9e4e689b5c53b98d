"""The panels in the place of a day that cannot be shown."""

from datetime import date
from typing import Any, Final

from footfall.dashboard.components.parts import panel
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.markup import Html, join, prose, tag
from footfall.questions.model import Row
from footfall.warehouse.published import Published

LIVE_IS_NOT_AFFECTED: Final = "The live page is not affected."


def nothing_panel(reading: Reading[dict[date, Published]], yesterday: date) -> Html:
    """The page while no day is published, or while nobody knows whether one is."""

    def draw(_: dict[date, Published]) -> Html:
        return join(
            tag("p", "A day appears here once all its events are counted, checked and published."),
            tag("p", prose("`./footfall history --days 7` creates a week of past visits and publishes it.")),
            tag("p", prose(f"`./footfall batch --date {yesterday}` publishes yesterday, if the sites were visited.")),
        )

    title = "No day is published yet" if reading.value is not None else "Past days"
    return panel(title, None, reading, draw, LIVE_IS_NOT_AFFECTED)


def unpublished_panel(asked: Reading[list[Row]]) -> Html:
    """The page of a day that is not published: the sentence with which the question about it was refused."""

    def draw(_: Any) -> Html:
        return tag("p", "The day has just been published.")

    return panel("This day cannot be shown", None, asked, draw)

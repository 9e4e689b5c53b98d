"""The panel "How fast it felt" of a past day: the web vitals by page and by device."""

from collections.abc import Callable
from typing import Final

from footfall.dashboard.components.felt import HEADS, MEANING, cells
from footfall.dashboard.components.parts import PENDING, app_mark, empty, panel, table
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.markup import Child, Html, cut_path, foreign, join, tag
from footfall.questions.model import Row

_NOTE: Final = f"What browsers measured on this day: {MEANING} The most measured pages come first."


def felt_panel(by_page: Reading[list[Row]], by_device: Reading[list[Row]]) -> Html:
    """Rows of `web-vitals` by page and by device."""

    def draw(rows: list[Row]) -> Html:
        if not rows:
            return empty(
                "No browser said on this day how fast a page felt. Pages with the script footfall-vitals.js measure it."
            )
        return join(_table("Page", cut_path, rows), tag("h3", "By device"), _devices(by_device))

    return panel("How fast it felt", _NOTE, by_page, draw)


def _devices(reading: Reading[list[Row]]) -> Html:
    if reading.value is None:
        return empty(reading.trouble or PENDING)
    return _table("Device", lambda value: foreign(value, "unknown"), reading.value)


def _table(head: str, named: Callable[[str | None], Child], rows: list[Row]) -> Html:
    lines = [(app_mark(row["app_id"]), named(row["value"]), *cells(row)) for row in rows]
    return table("ff-vitals", ("Site", head, *HEADS), lines, numeric=range(2, 2 + len(HEADS)))

"""The panel "How fast it felt": the web vitals of the last hour, by site, or by device if one site is chosen.

The history page shows the same columns of a day.
"""

from typing import Final

from footfall.dashboard import wording
from footfall.dashboard.components.parts import app_mark, empty, panel, table
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.figures import of_site
from footfall.dashboard.markup import Child, Html, tag
from footfall.questions.model import Row

HEADS: Final = ("Shown", "Answer", "Shift", "First byte", "Views")
MEANING: Final = (
    "when the largest part of a page was shown (LCP), how long a click waited (INP), how far the page shifted (CLS), "
    "when the first byte came (TTFB). Three of four views were as fast."
)
_CLASSES: Final = {"good": "ff-good", "needs improvement": "ff-fair", "poor": "ff-bad"}


def felt_panel(reading: Reading[list[Row]], app: str | None) -> Html:
    """How long people wait for pages and for answers. app: None for all sites; else the rows are those by device."""

    def draw(rows: list[Row]) -> Html:
        lines = [
            (
                app_mark(row["app_id"]) if app is None else row["value"] or "unknown",
                *cells(row),
            )
            for row in of_site(rows, app)
        ]
        if not lines:
            return empty("No browser has said in the last hour how fast a page felt. It does when the page is left.")
        heads = ("Site" if app is None else "Device", *HEADS)
        return table("ff-felt", heads, lines, numeric=range(1, len(heads)))

    return panel("How fast it felt", f"What browsers measured in the last hour: {MEANING}", reading, draw)


def cells(row: Row) -> tuple[Child, ...]:
    """The cells below `HEADS`: the percentiles, each with its rating in words, and the views that were measured."""
    return (
        _cell(wording.milliseconds(row["lcp_p75_ms"]), row["lcp_rating"]),
        _cell(wording.milliseconds(row["inp_p75_ms"]), row["inp_rating"]),
        _cell(wording.number(row["cls_p75"], 2), row["cls_rating"]),
        _cell(wording.milliseconds(row["ttfb_p75_ms"]), row["ttfb_rating"]),
        wording.number(row["views"]),
    )


def _cell(value: str, rating: str | None) -> Html:
    return (
        tag("span", value)
        if rating is None
        else tag("span", f"{value} ", tag("small", rating, class_=_CLASSES[rating]))
    )

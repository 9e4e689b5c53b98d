"""The panel "Errors" of a past day."""

from typing import Final

from footfall.dashboard import wording
from footfall.dashboard.components.parts import app_mark, empty, panel, table
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.markup import Html, cut_path, foreign, join, tag
from footfall.events.times import parse_rfc3339_ms
from footfall.questions.model import Row

_NEW: Final = join(tag("b", "new", class_="ff-new"), " ")


def errors_panel(reading: Reading[list[Row]]) -> Html:
    """Rows of `site-errors` as a list; errors that were never seen before are marked."""

    def draw(rows: list[Row]) -> Html:
        lines = [
            (
                tag("span", app_mark(row["app_id"]), tag("small", row["origin"])),
                tag(
                    "span",
                    foreign(row["message"] or row["error_code"], "no message"),
                    tag("small", _NEW if row["is_new"] else None, cut_path(row["page_path"])),
                ),
                wording.number(row["count"]),
                wording.number(row["visitors"]),
                wording.clock(parse_rfc3339_ms(row["last_at"])),
            )
            for row in rows
        ]
        heads = ("Site", "Message and page", "Count", "People", "Last")
        shown = table("ff-errors ff-failed", heads, lines, numeric=(2, 3, 4))
        return shown if lines else empty("Nothing failed on this day.")

    note = "Failed pages and browser errors. New ones were never seen on an earlier day."
    return panel("Errors", note, reading, draw)

"""The panel "Errors", and the table of errors that an alert shows too."""

from footfall.dashboard import wording
from footfall.dashboard.components.parts import app_mark, empty, others, panel, table
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.markup import Html, cut_path, foreign, join, tag
from footfall.events.times import parse_rfc3339_ms
from footfall.questions.model import Row

_SHOWN = 8


def errors_panel(reading: Reading[list[Row]]) -> Html:
    """The errors of the last hour."""
    return panel(
        "Errors",
        "Failed pages and browser errors of the last hour. Counts are those of the last 5 minutes.",
        reading,
        lambda rows: errors_table(rows) if rows else empty("No errors in the last hour."),
    )


def errors_table(rows: list[Row]) -> Html:
    """Rows of `live-errors`, the most frequent first, and how many more there are."""
    # Many rows have the same count, above all 0. Among those, the newest is the most useful.
    newest_first = sorted(rows, key=lambda row: str(row["last_at"]), reverse=True)
    by_urgency = sorted(newest_first, key=lambda row: -row["count_5m"])
    lines = [
        (
            tag("span", app_mark(row["app_id"]), tag("small", foreign(row["error_code"]), class_="ff-code")),
            tag("span", foreign(row["error_message"], _without_message(row)), tag("small", cut_path(row["page_path"]))),
            wording.number(row["count_5m"]),
            wording.number(row["visitors_5m"]),
            wording.clock(parse_rfc3339_ms(row["last_at"])),
        )
        for row in by_urgency[:_SHOWN]
    ]
    heads = ("Site and code", "Message and page", "Count", "People", "Last")
    shown = table("ff-errors", heads, lines, numeric=(2, 3, 4))
    return join(shown, others(len(lines), len(rows)))


def _without_message(row: Row) -> str:
    """The words in the place of a message. A page view has a status instead, which the question returns as its code."""
    return "the page failed" if str(row["error_code"]).isdecimal() else "no message"

"""The panels "Paths" and "From page to page"."""

from collections.abc import Iterable, Iterator

from footfall.dashboard import wording
from footfall.dashboard.components.parts import app_mark, empty, panel, share, table
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.markup import Child, Html, foreign_path, tag
from footfall.questions.model import Row


def paths_panel(reading: Reading[list[Row]]) -> Html:
    """Rows of `navigation-paths` as steps with arrows."""

    def draw(rows: list[Row]) -> Html:
        largest = max((row["visits"] for row in rows), default=0) or 1
        lines = [
            (
                app_mark(row["app_id"]),
                share(row["visits"] / largest, _walk(_steps(row))),
                wording.number(row["visits"]),
                wording.percent(row["visit_share"]),
            )
            for row in rows
        ]
        heads = ("Site", "First three kinds of page", "Visits", "Share")
        return (
            table("ff-paths", heads, lines, numeric=(2, 3))
            if lines
            else empty("No visit had three different kinds of page.")
        )

    return panel("Paths", "How visits begin. The share is of the site's visits.", reading, draw)


def transitions_panel(reading: Reading[list[Row]]) -> Html:
    """Rows of `transitions` as pairs of pages."""

    def draw(rows: list[Row]) -> Html:
        largest = max((row["count"] for row in rows), default=0) or 1
        lines = [
            (
                app_mark(row["app_id"]),
                share(row["count"] / largest, _walk(_arrows([row["from_page"], row["to_page"]]))),
                wording.number(row["count"]),
                wording.percent(row["from_share"]),
            )
            for row in rows
        ]
        heads = ("Site", "Page and the next page", "Times", "Share")
        return table("ff-paths", heads, lines, numeric=(2, 3)) if lines else empty("No visit had a second page view.")

    return panel("From page to page", "The share is of all steps from that page.", reading, draw)


def _walk(steps: Iterable[Child]) -> Html:
    return tag("span", *steps, class_="ff-walk")


def _steps(row: Row) -> Iterator[Child]:
    yield from _arrows(row["path"])
    if row["ends_in_exit"]:
        yield tag("span", " → ", tag("em", "exit"), class_="ff-from")


def _arrows(steps: list[str | None]) -> Iterator[Child]:
    for number, step in enumerate(steps):
        if number:
            yield tag("span", " → ", class_="ff-from")
        yield foreign_path(step, "other")

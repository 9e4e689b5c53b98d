"""The panels "Most visited pages", "Sections" and "Slow pages"."""

from footfall.dashboard import wording
from footfall.dashboard.components.parts import app_mark, empty, panel, share, table
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.markup import Html, cut_path, foreign, tag
from footfall.dashboard.past_figures import ratio
from footfall.questions.model import Row


def pages_panel(reading: Reading[list[Row]]) -> Html:
    """Rows of `most-visited-pages` as a list."""

    def draw(rows: list[Row]) -> Html:
        largest = max((row["page_views"] for row in rows), default=0) or 1
        lines = [
            (
                app_mark(row["app_id"]),
                tag(
                    "span",
                    share(row["page_views"] / largest, foreign(row["page_title"], "untitled")),
                    tag("small", cut_path(row["page_path"])),
                ),
                wording.number(row["page_views"]),
                wording.number(row["visitors"]),
                wording.brief(ratio(row["engaged_ms"], row["page_views"])),
                wording.percent(row["exit_rate"]),
                wording.percent(row["bounce_rate"]),
            )
            for row in rows
        ]
        heads = ("Site", "Page", "Views", "Visitors", "Engaged, each view", "Exits", "Bounces")
        return table("ff-most", heads, lines, numeric=range(2, 7)) if lines else empty("No page was viewed.")

    note = "Exits: views that ended their visit. Bounces: visits that began here and were not engaged."
    return panel("Most visited pages", note, reading, draw)


def sections_panel(reading: Reading[list[Row]]) -> Html:
    """Rows of `section-engagement` as a list."""

    def draw(rows: list[Row]) -> Html:
        largest = max((row["engaged_ms"] for row in rows), default=0) or 1
        lines = [
            (
                app_mark(row["app_id"]),
                share(row["engaged_ms"] / largest, foreign(row["page_section"])),
                wording.duration(row["engaged_ms"]),
                wording.brief(row["engaged_ms_per_view"]),
                wording.number(row["page_views"]),
            )
            for row in rows
        ]
        heads = ("Site", "Section", "Engaged", "Each view", "Views")
        return table("ff-sections", heads, lines, numeric=range(2, 5)) if lines else empty("No section was viewed.")

    return panel("Sections", "Where people spend their time: engaged time in all, and in each view.", reading, draw)


def slow_pages_panel(reading: Reading[list[Row]]) -> Html:
    """Rows of `slow-pages` as a list."""

    def draw(rows: list[Row]) -> Html:
        largest = max((row["p95_ms"] or 0 for row in rows), default=0) or 1
        lines = [
            (
                app_mark(row["app_id"]),
                share((row["p95_ms"] or 0) / largest, cut_path(row["page_path"])),
                wording.milliseconds(row["p95_ms"]),
                wording.percent(row["slow_rate"]),
                wording.number(row["page_views"]),
            )
            for row in rows
        ]
        heads = ("Site", "Page", "p95", "Over 1 s", "Views")
        return (
            table("ff-sections", heads, lines, numeric=range(2, 5))
            if lines
            else empty("No page was viewed often enough to judge its speed.")
        )

    note = "A twentieth of a page's views took p95 or longer. Pages with fewer than 20 views are left out."
    return panel("Slow pages", note, reading, draw)

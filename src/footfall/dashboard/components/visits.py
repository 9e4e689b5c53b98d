"""The panels "Where visits begin" and "Where visits end"."""

from footfall.dashboard import wording
from footfall.dashboard.components.parts import app_mark, empty, pair, panel, share, table
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.figures import of_site, visit_pages
from footfall.dashboard.markup import Html, cut_path
from footfall.questions.model import Row


def visits_panels(reading: Reading[list[Row]], app: str | None) -> Html:
    """The pages on which visits begin, beside those on which they end. app: None for all sites."""
    begin = _panel(
        "Where visits begin",
        "Visits that began in the last half hour, by their first page.",
        reading,
        "entries_30m",
        "No visit began in the last half hour.",
        app,
    )
    end = _panel(
        "Where visits end",
        "Visits that ended in the last half hour, by their last page. A visit ends after half an hour without another "
        "page view.",
        reading,
        "exits_30m",
        "No visit ended in the last half hour. A visit ends only after half an hour without another page view, so "
        "after a start it takes up to an hour until the first one appears here.",
        app,
    )
    return pair(begin, end)


def _panel(title: str, note: str, reading: Reading[list[Row]], column: str, nothing: str, app: str | None) -> Html:
    def draw(rows: list[Row]) -> Html:
        lines = [
            (app_mark(line.app_id), share(line.share, cut_path(line.page_path)), wording.number(line.visits))
            for line in visit_pages(of_site(rows, app), column)
        ]
        return table("ff-ranking", ("Site", "Page", "Visits"), lines, numeric=(2,)) if lines else empty(nothing)

    return panel(title, note, reading, draw)

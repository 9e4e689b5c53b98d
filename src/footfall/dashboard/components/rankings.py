"""The panels "Top pages" and "Top sections"."""

from footfall.dashboard import wording
from footfall.dashboard.components.parts import app_mark, empty, panel, share, table
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.figures import of_site, ranked
from footfall.dashboard.markup import Html, cut_path, tag
from footfall.questions.model import Row

_NOTE = "Views of the last 5 minutes. ▲ and ▼ compare them with the 5 minutes before, where the change exceeds chance."


def pages_panel(reading: Reading[list[Row]], at_ms: int, app: str | None = None) -> Html:
    """The most viewed pages. at_ms: the time up to which views are counted, epoch ms. app: None for all sites."""
    return _panel("Top pages", reading, at_ms, "Page", 8, app)


def sections_panel(reading: Reading[list[Row]], at_ms: int, app: str | None = None) -> Html:
    """The most viewed sections. at_ms, app: as in `pages_panel`."""
    return _panel("Top sections", reading, at_ms, "Section", 6, app)


def _panel(title: str, reading: Reading[list[Row]], at_ms: int, column: str, limit: int, app: str | None) -> Html:
    def draw(rows: list[Row]) -> Html:
        return _ranking(of_site(rows, app), at_ms, column, limit)

    return panel(title, _NOTE, reading, draw)


def _ranking(rows: list[Row], at_ms: int, column: str, limit: int) -> Html:
    best = ranked(rows, at_ms, limit)
    if not best:
        return empty("Nothing was viewed in the last 5 minutes.")
    lines = [
        (
            app_mark(line.app_id),
            share(line.share, cut_path(line.value)),
            wording.number(line.page_views),
            _change(line.change),
            tag("b", wording.number(line.errors), class_="ff-bad") if line.errors else "0",
        )
        for line in best
    ]
    return table("ff-ranking", ("Site", column, "Views", "", "Errors"), lines, numeric=(2, 3, 4))


def _change(change: float | None) -> Html | None:
    if change is None:
        return None
    word, mark = ("up", "▲") if change > 0 else ("down", "▼")
    return tag("span", f"{mark} {abs(change):.0%}", class_="ff-change", aria_label=f"{word} {abs(change):.0%}")

"""The parts that pages are made of: a panel with its states, a table, small marks. Pure HTML."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from footfall.dashboard import site_colours, wording
from footfall.dashboard.data import Reading
from footfall.dashboard.figures import ALL
from footfall.dashboard.markup import Child, Html, prose, tag

T = TypeVar("T")


def panel(title: str, note: Child, reading: Reading[T], draw: Callable[[T], Html], still: str = "") -> Html:
    """A titled box around one reading: its figures, or a sentence on why there are none.

    draw: makes the inside from an answer; still: a sentence on what works all the same while there is trouble
    """
    inside: list[Child] = []
    if reading.trouble is not None:
        said = wording.stale(reading.trouble, reading.read_at_ms)
        inside.append(tag("p", prose(f"{said} {still}".rstrip()), class_="ff-trouble", role="status"))
    if reading.value is not None:
        inside.append(draw(reading.value))
    elif reading.trouble is None:
        inside.append(empty("Reading the first figures …"))
    state = "ff-panel ff-stale" if reading.trouble is not None else "ff-panel"
    head = tag("header", tag("h2", title), tag("p", note, class_="ff-note"))
    return tag("section", head, *inside, class_=state, aria_label=title)


def empty(sentence: str) -> Html:
    """What stands where there is nothing to list."""
    return tag("p", sentence, class_="ff-empty")


def others(shown: int, of: int) -> Html | None:
    """How many there are beside those that are shown, if there are any."""
    return empty(f"and {wording.counted(of - shown, 'other')}.") if of > shown else None


def share(part: float, text: Child) -> Html:
    """A text over a bar; part: how much of the cell's width it takes, up to 1."""
    return tag("span", tag("i", style=f"width:{part * 100:.0f}%"), text, class_="ff-share")


def app_mark(app_id: str) -> Html:
    """An app's name in its colour."""
    said = "All sites" if app_id == ALL else app_id
    return tag("span", said, class_="ff-app", data_app=app_id, style=site_colours.style_of(app_id))


def table(name: str, heads: Sequence[str], lines: Sequence[Sequence[Child]], numeric: Sequence[int] = ()) -> Html:
    """A table with class `name`; `numeric` columns are set to the right."""

    def cells(kind: str, line: Sequence[Child]) -> Html:
        made = (
            tag(kind, cell, class_="ff-n" if i in numeric else None, scope="col" if kind == "th" else None)
            for i, cell in enumerate(line)
        )
        return tag("tr", *made)

    body = tag("tbody", *(cells("td", line) for line in lines))
    return tag("div", tag("table", tag("thead", cells("th", heads)), body), class_=f"ff-table {name}")

"""The parts that components share: a panel with its states, a table, small marks."""

from collections.abc import Callable, Collection, Sequence
from typing import Final, TypeVar

from footfall.dashboard import site_colours, wording
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.figures import ALL
from footfall.dashboard.markup import Child, Html, prose, tag
from footfall.events.geo import ATTRIBUTION

T = TypeVar("T")

# No site's name is longer.
_LONGEST: Final = 40
WITHOUT_HBASE: Final = "Nothing is lost: events are still received and stored, and are counted when HBase is back."
PENDING: Final = "Reading the first figures …"


def panel(title: str, note: Child, reading: Reading[T], draw: Callable[[T], Html], reassurance: str = "") -> Html:
    """A titled box around one reading. It shows the answer, or a sentence on why there is none.

    draw: turns an answer into the content of the box
    reassurance: a sentence on what still works, shown after the reading's trouble
    """
    inside: list[Child] = []
    if reading.trouble is not None:
        trouble = wording.stale(reading.trouble, reading.read_at_ms)
        inside.append(tag("p", prose(f"{trouble} {reassurance}".rstrip()), class_="ff-trouble", role="status"))
    if reading.value is not None:
        inside.append(draw(reading.value))
    elif reading.trouble is None:
        inside.append(empty(PENDING))
    state = "ff-panel ff-stale" if reading.trouble is not None else "ff-panel"
    head = tag("header", tag("h2", title), tag("p", note, class_="ff-note"))
    return tag("section", head, *inside, class_=state, aria_label=title)


def pair(*panels: Html) -> Html:
    """Panels beside each other, below each other where there is no room."""
    return tag("div", *panels, class_="ff-pair")


def broken_panel() -> Html:
    """The panel in the place of one that could not be drawn."""
    return tag("section", tag("p", prose(_BROKEN), class_="ff-trouble"), class_="ff-panel ff-stale")


def empty(sentence: str) -> Html:
    """A sentence in the place of a list that has no lines."""
    return tag("p", sentence, class_="ff-empty")


def others(shown: int, total: int) -> Html | None:
    """How many entries a list leaves out; None if it shows all."""
    return empty(f"and {wording.counted(total - shown, 'other')}.") if total > shown else None


def share(part: float, text: Child) -> Html:
    """A text over a bar. part: the bar's share of the cell's width, 0 to 1."""
    return tag("span", tag("i", style=f"width:{part * 100:.0f}%"), text, class_="ff-share")


def app_mark(app_id: str) -> Html:
    """A site's name in its colour."""
    name = "All sites" if app_id == ALL else app_id
    return tag("span", name, class_="ff-app", data_app=app_id, style=site_colours.style_of(app_id))


def unknown_site(linked: str | None, apps: Collection[str]) -> Html | None:
    """A sentence about an address that names a site that does not exist; None if it names none. apps: all sites."""
    if linked in (None, ALL, *apps):
        return None
    name = tag("bdi", str(linked)[:_LONGEST])
    return tag("p", "There is no site ", name, ", so all sites are shown.", class_="ff-trouble", role="status")


def attribution() -> Html:
    """The source of the places. Its licence requires this link wherever a page shows one of them."""
    link = tag("a", ATTRIBUTION, href="https://db-ip.com", target="_blank", rel="noopener noreferrer")
    return tag("p", link, class_="ff-source")


def table(name: str, heads: Sequence[str], lines: Sequence[Sequence[Child]], numeric: Sequence[int] = ()) -> Html:
    """A table with the CSS class `name`. numeric: the columns that are aligned to the right."""

    def cells(kind: str, line: Sequence[Child]) -> Html:
        made = (
            tag(kind, cell, class_="ff-n" if i in numeric else None, scope="col" if kind == "th" else None)
            for i, cell in enumerate(line)
        )
        return tag("tr", *made)

    body = tag("tbody", *(cells("td", line) for line in lines))
    return tag("div", tag("table", tag("thead", cells("th", heads)), body), class_=f"ff-table {name}")


_BROKEN = "This panel cannot be drawn; the others are not affected. `./footfall logs dashboard` shows why."

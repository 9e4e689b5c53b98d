"""The panels "Recommendations" and "Similar items"."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from footfall.dashboard.components.learning.head import since
from footfall.dashboard.components.page_switch import LEARNING
from footfall.dashboard.components.parts import app_mark, empty, panel, table
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.markup import Child, Html, address, foreign, tag
from footfall.learning.questions.recommendations import FALLBACK
from footfall.questions.model import Row
from footfall.warehouse.published import Published

_NOTE: Final = "Items of people who used the same ones; without a score, popular ones. Ranks are of one site."
_POPULAR: Final = "What most people use. Ranks are of one site."


class _Column(NamedTuple):
    """A column of a list of items. is_needed: whether it says something about these rows; else it is left out."""

    head: str
    cell: Callable[[Row], Child]
    numeric: bool = False
    is_needed: Callable[[Sequence[Row]], bool] = lambda _: True


def recommendations_panel(
    reading: Reading[list[Row]], which: Published | None, user: str | None, app: str | None
) -> Html:
    """Rows of `recommendations`. user: whom they are for, None for a visitor of whom nothing is known."""

    columns = (
        *_FIRST,
        _Column("Item", lambda row: _item(row["title"], row["item_id"], user, app)),
        _Column("Type", lambda row: foreign(row["item_type"])),
        _Column("Score", lambda row: _score(row["score"]), True, lambda rows: _is_known(rows, "score")),
        _Column(
            "Because of",
            lambda row: foreign(row["reason_item_id"]),
            is_needed=lambda rows: _is_known(rows, "reason_item_id"),
        ),
    )

    def draw(rows: list[Row]) -> Html:
        listed = _listed(columns, rows) if rows else empty("Nothing is popular there yet.")
        if user is not None and rows and rows[0]["user_or_fallback"] == FALLBACK:
            return tag("div", empty("Nothing is known of this person, so these are popular items."), listed)
        return listed

    title, note = ("Popular items", _POPULAR) if user is None else ("Recommendations", _NOTE)
    return panel(title, f"{note} {since(which)}".rstrip(), reading, draw)


def similar_panel(reading: Reading[list[Row]], item: str) -> Html:
    """Rows of `similar-items`. item: an item_id."""

    columns = (
        *_FIRST,
        _Column("Item", _similar_item),
        _Column("Type", lambda row: foreign(row["similar_item_type"])),
        # Items of several types or sites may have this id.
        _Column("Similar to the", lambda row: foreign(row["item_type"]), is_needed=_have_several_types),
        _Column("Similarity", lambda row: _score(row["similarity"]), True),
        _Column("People", lambda row: str(row["cooccurrences"]), True),
    )
    note = tag("span", "Items that the people used who used ", foreign(item), ".")
    return panel("Similar items", note, reading, lambda rows: _listed(columns, rows))


_FIRST: Final = (
    _Column("Rank", lambda row: str(row["rank"]), True),
    _Column("Site", lambda row: app_mark(row["app_id"])),
)


def _listed(columns: Sequence[_Column], rows: Sequence[Row]) -> Html:
    needed = [column for column in columns if column.is_needed(rows)]
    lines = [[column.cell(row) for column in needed] for row in rows]
    numeric = [place for place, column in enumerate(needed) if column.numeric]
    return table("ff-items", [column.head for column in needed], lines, numeric)


def _similar_item(row: Row) -> Html:
    return tag("span", foreign(row["title"], "untitled"), tag("small", foreign(row["similar_item_id"])))


def _is_known(rows: Sequence[Row], column: str) -> bool:
    return any(row[column] is not None for row in rows)


def _have_several_types(rows: Sequence[Row]) -> bool:
    return len({row["item_type"] for row in rows}) > 1


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _item(title: str | None, item: str, user: str | None, app: str | None) -> Html:
    to_similar = address(view=LEARNING, user=user, app=app, item=item)
    link = tag("a", foreign(title, "untitled"), href=to_similar, target="_self")
    return tag("span", link, tag("small", foreign(item)))

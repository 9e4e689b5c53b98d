"""The panels "Recommendations" and "Similar items"."""

from footfall.dashboard.components.learning.head import since
from footfall.dashboard.components.page_switch import LEARNING
from footfall.dashboard.components.parts import empty, panel, table
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.markup import Html, address, foreign, tag
from footfall.learning.questions.recommendations import FALLBACK
from footfall.questions.model import Row
from footfall.warehouse.published import Published

_NOTE = "Items of people who used the same ones; without a score, popular ones. Ranks are of one site."


def recommendations_panel(
    reading: Reading[list[Row]], which: Published | None, user: str | None, app: str | None
) -> Html:
    """Rows of `recommendations`. user: whom they are for, None for a visitor of whom nothing is known."""

    def draw(rows: list[Row]) -> Html:
        lines = [
            (
                str(row["rank"]),
                _item(row["title"], row["item_id"], user, app),
                foreign(row["item_type"]),
                "–" if row["score"] is None else f"{row['score']:.3f}",
                foreign(row["reason_item_id"]),
            )
            for row in rows
        ]
        heads = ("Rank", "Item", "Type", "Score", "Because of")
        listed = table("ff-items", heads, lines, numeric=(0, 3)) if lines else empty("Nothing is popular there yet.")
        if user is not None and rows and rows[0]["user_or_fallback"] == FALLBACK:
            return tag("div", empty("Nothing is known of this person, so these are popular items."), listed)
        return listed

    title = "Popular items" if user is None else "Recommendations"
    return panel(title, f"{_NOTE} {since(which)}".rstrip(), reading, draw)


def similar_panel(reading: Reading[list[Row]], item: str) -> Html:
    """Rows of `similar-items`. item: an item_id."""

    def draw(rows: list[Row]) -> Html:
        lines = [
            (
                str(row["rank"]),
                tag("span", foreign(row["title"], "untitled"), tag("small", foreign(row["similar_item_id"]))),
                f"{row['similarity']:.3f}",
                str(row["cooccurrences"]),
            )
            for row in rows
        ]
        return table("ff-items", ("Rank", "Item", "Similarity", "People"), lines, numeric=(0, 2, 3))

    note = tag("span", "Items that the people used who used ", foreign(item), ".")
    return panel("Similar items", note, reading, draw)


def _item(title: str | None, item: str, user: str | None, app: str | None) -> Html:
    to_similar = address(view=LEARNING, user=user, app=app, item=item)
    link = tag("a", foreign(title, "untitled"), href=to_similar, target="_self")
    return tag("span", link, tag("small", foreign(item)))

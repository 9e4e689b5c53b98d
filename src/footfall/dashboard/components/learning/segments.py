"""The panel "Segments of visitors"."""

from collections.abc import Iterable
from itertools import groupby
from typing import Final

from footfall.dashboard import wording
from footfall.dashboard.components.learning.head import since
from footfall.dashboard.components.parts import empty, panel, share, table
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.markup import Html, tag
from footfall.learning.features import FEATURES
from footfall.questions.model import Row
from footfall.warehouse.published import Published

# How many features describe a segment here. The question has all of them.
_SHOWN: Final = 3
# The hour is part of a segment's name, and its two coordinates are no figures for people.
_MEANINGS: Final = {one.name: one.meaning for one in FEATURES if not one.name.startswith("hour_")}


def segments_panel(reading: Reading[list[Row]], which: Published | None) -> Html:
    """Rows of `segments`. which: the published run that they are of."""

    def draw(rows: list[Row]) -> Html:
        lines = [_line(list(of_segment)) for _, of_segment in groupby(rows, key=lambda row: row["segment_id"])]
        heads = ("Segment", "People", "Share", "What sets it apart", "Silhouette")
        return table("ff-segments", heads, lines, numeric=(1, 2, 4)) if lines else empty("There is no segment.")

    note = f"Groups of people with alike habits, by k-means. {since(which)}".rstrip()
    return panel("Segments of visitors", note, reading, draw)


def _line(rows: list[Row]) -> tuple[Html, str, str, Html, str]:
    first = rows[0]
    silhouette = "–" if first["silhouette"] is None else f"{first['silhouette']:.2f}"
    return (
        share(first["size_share"], first["name"]),
        wording.number(first["size"]),
        wording.percent(first["size_share"]),
        tag("ul", *_apart(rows)),
        silhouette,
    )


def _apart(rows: Iterable[Row]) -> list[Html]:
    """The features that differ most from those of all people."""
    described = [row for row in rows if row["feature"] in _MEANINGS]
    return [
        tag("li", f"{_MEANINGS[row['feature']]}: {_figure(row['centre'])}", tag("small", _of_all(row)))
        for row in sorted(described, key=lambda row: -abs(row["z"]))[:_SHOWN]
    ]


def _of_all(row: Row) -> str:
    return f" (all: {_figure(row['population_mean'])})"


def _figure(value: float) -> str:
    return wording.number(value, 2 if abs(value) < 10 else 1)

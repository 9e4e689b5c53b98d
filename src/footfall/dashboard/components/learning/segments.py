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
from footfall.learning.segments import mean_hour
from footfall.questions.model import Row
from footfall.warehouse.published import Published

# How many features describe a segment here. The question has all of them.
_SHOWN: Final = 3
# A mean nearer to that of all, in deviations of people, sets nobody apart.
_LEAST_Z: Final = 0.25
# The two coordinates of the hour are no figures for people; they read the hour.
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
    """The hour at which the people come, and the features that differ most from those of all people."""
    listed = list(rows)
    centres = {row["feature"]: row["centre"] for row in listed}
    found = []
    hour = mean_hour(centres.get("hour_cos", 0.0), centres.get("hour_sin", 0.0))
    if hour is not None:
        found.append(tag("li", f"local hour: around {int(hour + 0.5) % 24}:00"))
    described = [row for row in listed if row["feature"] in _MEANINGS and abs(row["z"]) >= _LEAST_Z]
    found += [
        tag("li", f"{_MEANINGS[row['feature']]}: {_figure(row['centre'])}", tag("small", _of_all(row)))
        for row in sorted(described, key=lambda row: -abs(row["z"]))[: _SHOWN - len(found)]
    ]
    return found or [tag("li", "nothing: these people are as all are")]


def _of_all(row: Row) -> str:
    return f" (all: {_figure(row['population_mean'])})"


def _figure(value: float) -> str:
    return wording.number(value, 2 if abs(value) < 10 else 1)

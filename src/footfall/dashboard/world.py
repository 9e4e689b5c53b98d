"""The map of the world: the land once, as a mask that the style sheet fills, and dots where people are. Pure."""

import json
from collections.abc import Iterable
from functools import cache
from math import sqrt
from typing import Any, Final

from footfall.dashboard import HERE, wording
from footfall.dashboard.figures import Place
from footfall.dashboard.markup import Html, data_url, style, tag

# Of the map's width, in percent.
_LARGEST_DOT: Final = 5.0
_SMALLEST_DOT: Final = 0.8


@cache
def _world() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "world.json").read_text("utf-8"))
    return found


def name(code: str) -> str:
    """A country's name by its two letters; what is none is as it is."""
    country = _world()["countries"].get(code)
    return str(country["name"]) if country else code


@cache
def land() -> Html:
    """Style rules with the shape of the land; drawn once a page, since it is 20 KB."""
    world = _world()
    size = f"0 0 {world['width']} {world['height']}"
    shape = tag("svg", tag("path", d=world["land"]), xmlns="http://www.w3.org/2000/svg", viewBox=size)
    url = data_url("image/svg+xml", shape.text)
    mask = f'url("{url}") center / 100% 100% no-repeat'
    rules = f"aspect-ratio: {world['width']} / {world['height']};", f"-webkit-mask: {mask}; mask: {mask};"
    return style([f".ff-world {{ {rules[0]} }}", f".ff-land {{ {rules[1]} }}"])


def chart(places: Iterable[Place]) -> Html:
    """The map with a dot for each country, its area as large as the people there are many."""
    world = _world()
    dots = [_dot(place, world) for place in places if place.country in world["countries"]]
    # The list beside it says the same in words and numbers.
    return tag("div", tag("div", class_="ff-land"), *dots, class_="ff-world", aria_hidden="true")


def _dot(place: Place, world: dict[str, Any]) -> Html:
    x, y = world["countries"][place.country]["at"]
    size = max(_SMALLEST_DOT, _LARGEST_DOT * sqrt(place.share))
    left, top = 100 * x / world["width"], 100 * y / world["height"]
    return tag(
        "i",
        style=f"left:{left:.2f}%;top:{top:.2f}%;width:{size:.2f}%",
        title=f"{name(place.country)}: {wording.number(place.people)}",
    )

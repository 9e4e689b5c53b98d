"""The map of the world: the land as a mask that the style sheet fills, and dots where people are.

`world.json` holds the map's `width` and `height` in units of its own; the outline of the `land` and the centre of each
of the `countries` in these units; and its `frame`, the bounds of the map in the units of the projection.
"""

import json
from collections.abc import Iterable
from functools import cache
from itertools import islice
from math import asin, cos, radians, sin, sqrt
from typing import Any, Final

from footfall.dashboard import HERE, wording
from footfall.dashboard.figures import City, MapPoint
from footfall.dashboard.markup import Html, data_url, style, tag

# In percent of the map's width.
_LARGEST_DOT: Final = 5.0
_SMALLEST_DOT: Final = 1.6
# Each dot is redrawn every two seconds, and nobody could distinguish more of them.
_MOST_CITIES: Final = 100
# Equal Earth's coefficients: Šavrič, Patterson, Jenny 2018.
_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796


@cache
def _world() -> dict[str, Any]:
    world: dict[str, Any] = json.loads((HERE / "world.json").read_text("utf-8"))
    return world


def name(code: str) -> str:
    """The name of a country by its two-letter code; any other text is returned unchanged."""
    country = _world()["countries"].get(code)
    return str(country["name"]) if country else code


@cache
def land() -> Html:
    """Style rules with the shape of the land. A page includes them once, since they are 20 KB."""
    world = _world()
    size = f"0 0 {world['width']} {world['height']}"
    shape = tag("svg", tag("path", d=world["land"]), xmlns="http://www.w3.org/2000/svg", viewBox=size)
    url = data_url("image/svg+xml", shape.text)
    mask = f'url("{url}") center / 100% 100% no-repeat'
    rules = f"aspect-ratio: {world['width']} / {world['height']};", f"-webkit-mask: {mask}; mask: {mask};"
    return style([f".ff-world {{ {rules[0]} }}", f".ff-land {{ {rules[1]} }}"])


def position(latitude: float, longitude: float) -> tuple[float, float]:
    """The position of a place on the map, in its units from the left and the top; degrees north and east."""
    world = _world()
    frame = world["frame"]
    scale = world["width"] / (frame["east"] - frame["west"])
    t = asin(sqrt(3) / 2 * sin(radians(latitude)))
    x = 2 * sqrt(3) * radians(longitude) * cos(t) / (3 * (9 * _A4 * t**8 + 7 * _A3 * t**6 + 3 * _A2 * t**2 + _A1))
    y = _A4 * t**9 + _A3 * t**7 + _A2 * t**3 + _A1 * t
    return (x - frame["west"]) * scale, (frame["north"] - y) * scale


def chart(places: Iterable[MapPoint], cities: Iterable[City]) -> Html:
    """The map with a dot for each country, whose area grows with the number of people, and above them the cities.

    cities: sorted by page views, most first; the map shows the first hundred
    """
    world = _world()
    dots = [_country_dot(place, world) for place in places if place.country in world["countries"]]
    dots += [dot for city in islice(cities, _MOST_CITIES) if (dot := _city_dot(city, world)) is not None]
    # Screen readers skip the map: the lists beside it hold the same figures.
    return tag("div", tag("div", class_="ff-land"), *dots, class_="ff-world", aria_hidden="true")


def _country_dot(place: MapPoint, world: dict[str, Any]) -> Html:
    x, y = world["countries"][place.country]["at"]
    size = max(_SMALLEST_DOT, _LARGEST_DOT * sqrt(place.share))
    return tag(
        "i",
        style=f"{_at(x, y, world)};width:{size:.2f}%",
        title=f"{name(place.country)}: {wording.number(place.people)}",
    )


def _city_dot(city: City, world: dict[str, Any]) -> Html | None:
    """None if its location is unknown or off the map, as Antarctica is."""
    if city.latitude is None or city.longitude is None:
        return None
    x, y = position(city.latitude, city.longitude)
    if not (0 <= x <= world["width"] and 0 <= y <= world["height"]):
        return None
    title = f"{city.city}: {wording.counted(city.page_views, 'page view')}"
    return tag("i", style=_at(x, y, world), title=title, class_="ff-city")


def _at(x: float, y: float, world: dict[str, Any]) -> str:
    return f"left:{100 * x / world['width']:.2f}%;top:{100 * y / world['height']:.2f}%"

"""The map: complete, within its picture, and with dots whose size shows the number of people."""

import json
import re
from dataclasses import replace
from math import dist

import pytest

from footfall.dashboard import HERE
from footfall.dashboard.components import world_map
from footfall.dashboard.figures import City, MapPoint


def test_land_and_countries_are_within_the_picture() -> None:
    world = json.loads((HERE / "world.json").read_text("utf-8"))
    assert len(world["countries"]) > 230
    assert "public domain" in world["source"]
    assert re.fullmatch(r"(M\d+ \d+l[-0-9 ]+z)+", world["land"])
    begins = re.findall(r"M(\d+) (\d+)", world["land"])
    for x, y in [*begins, *(country["at"] for country in world["countries"].values())]:
        assert 0 <= int(x) <= world["width"]
        assert 0 <= int(y) <= world["height"]
    for code, country in world["countries"].items():
        assert re.fullmatch("[A-Z]{2}", code)
        assert country["name"]


def test_the_land_is_part_of_a_style_sheet_and_is_not_fetched() -> None:
    text = world_map.land().text
    assert text.startswith("<style>")
    assert text.count("data:image/svg+xml;base64,") == 2
    assert "http" not in text


def test_the_size_of_a_dot_shows_the_number_of_people() -> None:
    places = [MapPoint("DE", 40, 1.0), MapPoint("SG", 10, 0.25), MapPoint("MT", 1, 0.001), MapPoint("??", 9, 0.2)]
    drawn = world_map.chart(places, []).text
    widths = re.findall(r'width:([0-9.]+)%" title="(\w+): (\d+)"', drawn)
    assert widths == [("5.00", "Germany", "40"), ("2.50", "Singapore", "10"), ("1.60", "Malta", "1")]
    assert world_map.chart([], []).text.count("<i") == 0


def test_cities_are_dots_over_those_of_countries() -> None:
    singapore = City("SG", 'Singapore "<b>"', 1.35, 103.8, 1, 0.1)
    drawn = world_map.chart([MapPoint("DE", 40, 1.0)], [singapore, replace(singapore, page_views=1_200)]).text
    assert re.findall(r'<i style="left:([0-9.]+)%;top:([0-9.]+)%" title="([^"]+)" class="ff-city">', drawn) == [
        ("79.38", "54.81", "Singapore &quot;&lt;b&gt;&quot;: 1 page view"),
        ("79.38", "54.81", "Singapore &quot;&lt;b&gt;&quot;: 1,200 page views"),
    ]
    assert drawn.index("Germany") < drawn.index("Singapore")


@pytest.mark.parametrize("at", [(None, 13.4), (52.5, None), (None, None), (-77.8, 166.7), (0.0, 180.0)])
def test_a_city_that_is_nowhere_on_the_map_has_no_dot(at: tuple[float | None, float | None]) -> None:
    assert "<i" not in world_map.chart([], [City("AQ", "McMurdo", *at, 5, 1.0)]).text


def test_at_most_a_hundred_cities_are_drawn() -> None:
    cities = [City("SG", f"S{n}", 1.35, 103.8, 500 - n, 1.0) for n in range(101)]
    drawn = world_map.chart([], cities).text
    assert drawn.count("ff-city") == 100
    assert "S99:" in drawn


@pytest.mark.parametrize(
    ("code", "latitude", "longitude", "off"),
    [("SG", 1.35, 103.8, 1), ("MT", 35.9, 14.5, 1), ("LU", 49.8, 6.1, 1), ("ES", 40.4, -3.7, 1), ("FR", 48.9, 2.4, 8)],
)
def test_a_place_is_near_the_middle_of_its_country(code: str, latitude: float, longitude: float, off: float) -> None:
    middle = json.loads((HERE / "world.json").read_text("utf-8"))["countries"][code]["at"]
    assert dist(world_map.position(latitude, longitude), middle) < off


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        (-33.9, 151.2),  # Sydney
        (35.7, 139.7),  # Tokyo
        (21.3, -157.9),  # Honolulu
        (-33.9, 18.4),  # Cape Town
        (64.1, -21.9),  # Reykjavík
        (61.2, -149.9),  # Anchorage
        (-12.0, -77.0),  # Lima
        (-36.8, 174.8),  # Auckland
        (-54.8, -68.3),  # Ushuaia
    ],
)
def test_a_town_by_the_sea_is_by_the_sea(latitude: float, longitude: float) -> None:
    land = json.loads((HERE / "world.json").read_text("utf-8"))["land"]
    coast = []
    for x, y, steps in re.findall(r"M(\d+) (\d+)l([-0-9 ]+)z", land):
        at = int(x), int(y)
        coast.append(at)
        deltas = [int(delta) for delta in re.findall(r"-?\d+", steps)]
        for dx, dy in zip(deltas[::2], deltas[1::2], strict=True):
            at = at[0] + dx, at[1] + dy
            coast.append(at)
    place = world_map.position(latitude, longitude)
    assert min(dist(place, point) for point in coast) < 3


def test_north_is_up_and_east_is_right() -> None:
    at = json.loads((HERE / "world.json").read_text("utf-8"))["countries"]
    assert at["NO"]["at"][1] < at["DE"]["at"][1] < at["ZA"]["at"][1]
    assert at["US"]["at"][0] < at["GB"]["at"][0] < at["JP"]["at"][0]


def test_an_unknown_country_code_is_shown_as_it_is() -> None:
    assert (world_map.name("DE"), world_map.name("US"), world_map.name("<b>")) == ("Germany", "United States", "<b>")

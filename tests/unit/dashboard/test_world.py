"""The map: whole, within its picture, and with dots as large as there are people."""

import json
import re

from footfall.dashboard import HERE, world
from footfall.dashboard.figures import Place


def test_land_and_countries_are_within_the_picture() -> None:
    told = json.loads((HERE / "world.json").read_text("utf-8"))
    assert len(told["countries"]) > 230
    assert "public domain" in told["source"]
    assert re.fullmatch(r"(M\d+ \d+l[-0-9 ]+z)+", told["land"])
    begins = re.findall(r"M(\d+) (\d+)", told["land"])
    for x, y in [*begins, *(country["at"] for country in told["countries"].values())]:
        assert 0 <= int(x) <= told["width"]
        assert 0 <= int(y) <= told["height"]
    for code, country in told["countries"].items():
        assert re.fullmatch("[A-Z]{2}", code)
        assert country["name"]


def test_the_land_is_told_in_a_style_sheet_and_fetched_from_nowhere() -> None:
    told = world.land().text
    assert told.startswith("<style>")
    assert told.count("data:image/svg+xml;base64,") == 2
    assert "http" not in told


def test_dots_are_as_large_as_people_are_many() -> None:
    drawn = world.chart([Place("DE", 40, 1.0), Place("SG", 10, 0.25), Place("MT", 1, 0.001), Place("??", 9, 0.2)]).text
    widths = re.findall(r'width:([0-9.]+)%" title="(\w+): (\d+)"', drawn)
    assert widths == [("5.00", "Germany", "40"), ("2.50", "Singapore", "10"), ("0.80", "Malta", "1")]
    assert world.chart([]).text.count("<i") == 0


def test_north_is_up_and_east_is_right() -> None:
    at = json.loads((HERE / "world.json").read_text("utf-8"))["countries"]
    assert at["NO"]["at"][1] < at["DE"]["at"][1] < at["ZA"]["at"][1]
    assert at["US"]["at"][0] < at["GB"]["at"][0] < at["JP"]["at"][0]


def test_what_a_sender_calls_a_country_is_no_country() -> None:
    assert (world.name("DE"), world.name("US"), world.name("<b>")) == ("Germany", "United States", "<b>")

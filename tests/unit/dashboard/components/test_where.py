"""The map, countries and cities, drawn on the live page."""

import re
from typing import Any

import pytest

from footfall.dashboard.data.errors import Unavailable
from footfall.dashboard.data.recent_views import PageView
from footfall.events.geo import ATTRIBUTION
from tests.unit.dashboard.drawing import drawn, lines, page
from tests.unit.dashboard.rows import MadeUp, Travelled, page_view


@pytest.mark.parametrize(("country", "shown"), [("DE", True), (None, False)])
def test_the_source_of_places_is_named_wherever_one_is_shown(country: str | None, shown: bool) -> None:
    class Placed(MadeUp):
        def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
            placed = parameters.get("by") == "country" or question == "live-cities"
            return [] if placed and not shown else super().ask(question, **parameters)

        def latest(self) -> list[PageView]:
            return [page_view(country=country)]

    assert (ATTRIBUTION in drawn(page(Placed()))) is shown


def test_cities_stand_in_a_list_and_on_the_map() -> None:
    text = drawn(page(Travelled()))
    assert lines(text, "Where from")[3:] == [[], ["Berlin", "Germany", "7"], ["Nice", "France", "2"]]
    assert re.findall(r'title="([^"]*)" class="ff-city"', text) == ["Berlin: 7 page views", "Nice: 2 page views"]
    alone = drawn(page(Travelled(), app="news"))
    assert lines(alone, "Where from") == [[], ["France", "1"], [], ["Nice", "France", "2"]]
    assert re.findall(r'title="([^"]*)" class="ff-city"', alone) == ["Nice: 2 page views"]


@pytest.mark.parametrize(
    ("failing", "sentence"), [(False, "No page was viewed from a known city"), (True, "HBase is at rest.")]
)
def test_countries_are_shown_without_cities(failing: bool, sentence: str) -> None:
    class Rural(Travelled):
        def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
            if question != "live-cities":
                return super().ask(question, **parameters)
            if failing:
                raise Unavailable("HBase is at rest.")
            return []

    text = drawn(page(Rural()))
    assert lines(text, "Where from") == [[], ["Germany", "3"], ["France", "1"]]
    assert sentence in text
    assert text.count('class="ff-city"') == 1  # in the map's key

"""`live-cities` over hand-made cells. It is 12:00:30: the last 5 full minutes begin at 11:55, the last 30 at 11:30."""

from typing import Any

import msgpack
import pytest

from footfall import question_registry
from footfall.realtime import tables
from footfall.realtime.tables import Counts, Population, city_text
from tests.unit.realtime.live_log import at_ms, sources
from tests.unit.realtime.memory_store import Cells

NOBODY = Population(0, 0, 0, 0, {}, None, None, None, 0)
VIEWED = Population(9, 7, 0, 0, {10: 7}, 1, 2, None, 0)

BERLIN = city_text("Berlin", 52.5, 13.4)
FRANKFURT_MAIN = city_text("Frankfurt", 50.1, 8.7)
FRANKFURT_ODER = city_text("Frankfurt", 52.3, 14.6)


def ask(cells: Cells, time: str = "12:00:30.000", **parameters: Any) -> list[tuple[Any, ...]]:
    """The rows as tuples, in the order of the question's columns, which each row must have."""
    rows = question_registry.ask(sources(cells, time), "live-cities", **parameters)
    assert all(tuple(row) == question_registry.find("live-cities").columns for row in rows)
    return [tuple(row.values()) for row in rows]


def put(
    cells: Cells,
    time: str,
    cities: dict[str, int] | None,
    country: str = "DE",
    app: str = "shop",
    partition: int = 0,
    people: Population = VIEWED,
    bots: Population = NOBODY,
) -> None:
    """A cell with so many page views from each city in that minute."""
    row = tables.encode_row_key(app, "country", at_ms(f"{time}:00.000") // 60_000, country)
    cell = tables.encode_counts(Counts(5, people, bots, cities=cities))
    cells.put("minute_metrics", row, tables.events_column(partition), cell, 5)


def test_minutes_and_partitions_are_summed_by_city() -> None:
    cells = Cells()
    put(cells, "12:00", {BERLIN: 1, FRANKFURT_MAIN: 2})
    put(cells, "11:57", {BERLIN: 3}, partition=1)
    put(cells, "11:57", {BERLIN: 4}, partition=7)
    put(cells, "11:40", {BERLIN: 10, FRANKFURT_MAIN: 20}, partition=1)
    assert ask(cells) == [
        ("shop", "DE", "Berlin", 52.5, 13.4, 8, 18),
        ("shop", "DE", "Frankfurt", 50.1, 8.7, 2, 22),
    ]


def test_cities_of_one_name_are_apart_and_one_city_is_one_however_its_degrees_are_written() -> None:
    cells = Cells()
    put(cells, "12:00", {FRANKFURT_ODER: 1, FRANKFURT_MAIN: 1, city_text("Ulm", 48, 10): 1})
    put(cells, "11:59", {city_text("Ulm", 48.0, 10.0): 2})
    assert ask(cells) == [
        ("shop", "DE", "Ulm", 48.0, 10.0, 3, 3),
        ("shop", "DE", "Frankfurt", 50.1, 8.7, 1, 1),
        ("shop", "DE", "Frankfurt", 52.3, 14.6, 1, 1),
    ]


@pytest.mark.parametrize(
    ("time", "counted"),
    [("12:01", None), ("12:00", (2, 2)), ("11:55", (2, 2)), ("11:54", (0, 2)), ("11:30", (0, 2)), ("11:29", None)],
)
@pytest.mark.parametrize("asked", ["12:00:00.000", "12:00:59.999"])
def test_the_present_minute_and_full_ones_before_it(time: str, counted: tuple[int, int] | None, asked: str) -> None:
    cells = Cells()
    put(cells, time, {BERLIN: 2})
    assert [row[5:] for row in ask(cells, asked)] == ([] if counted is None else [counted])


def test_the_most_come_first_and_names_then_places_break_ties() -> None:
    cells = Cells()
    elsewhere = {city_text("Frankfurt", None, None): 1, city_text("Frankfurt", 50.1, None): 1}
    put(cells, "11:59", {FRANKFURT_ODER: 1, FRANKFURT_MAIN: 1, BERLIN: 1, **elsewhere})
    put(cells, "11:59", {city_text("Zug", 47.2, 8.5): 1}, "CH")
    put(cells, "11:59", {city_text("Atlantis", None, None): 1}, "")
    put(cells, "11:59", {city_text("Graz", 47.1, 15.4): 1}, "AT", "news")
    put(cells, "11:59", {city_text("Linz", 48.3, 14.3): 1}, "AT", "news", 1)
    put(cells, "11:40", {city_text("Linz", 48.3, 14.3): 1}, "AT", "news", 1)
    put(cells, "11:40", {city_text("Wien", 48.2, 16.4): 99}, "AT", "academy")
    assert ask(cells) == ask(cells, app="all")
    assert ask(cells) == [
        ("news", "AT", "Linz", 48.3, 14.3, 1, 2),
        ("news", "AT", "Graz", 47.1, 15.4, 1, 1),
        ("shop", None, "Atlantis", None, None, 1, 1),
        ("shop", "CH", "Zug", 47.2, 8.5, 1, 1),
        ("shop", "DE", "Berlin", 52.5, 13.4, 1, 1),
        ("shop", "DE", "Frankfurt", None, None, 1, 1),
        ("shop", "DE", "Frankfurt", 50.1, None, 1, 1),
        ("shop", "DE", "Frankfurt", 50.1, 8.7, 1, 1),
        ("shop", "DE", "Frankfurt", 52.3, 14.6, 1, 1),
        ("academy", "AT", "Wien", 48.2, 16.4, 0, 99),
    ]
    assert [row[2] for row in ask(cells, app="news")] == ["Linz", "Graz"]


def test_one_city_on_two_sites_has_two_rows() -> None:
    cells = Cells()
    put(cells, "11:59", {BERLIN: 1})
    put(cells, "11:59", {BERLIN: 4}, app="news")
    assert [(row[0], row[5]) for row in ask(cells)] == [("news", 4), ("shop", 1)]


def test_bots_old_cells_and_people_without_a_city_have_no_row() -> None:
    cells = Cells()
    put(cells, "11:59", None, people=NOBODY, bots=VIEWED)
    # People who did not consent: only their country is known.
    put(cells, "11:59", {}, partition=1)
    row = tables.encode_row_key("shop", "country", at_ms("11:59:00.000") // 60_000, "DE")
    cells.put("minute_metrics", row, b"f:e2", msgpack.packb((5, VIEWED, NOBODY)), 5)
    assert ask(cells) == []
    put(cells, "11:59", {BERLIN: 2}, partition=3)
    assert [row[2:] for row in ask(cells)] == [("Berlin", 52.5, 13.4, 2, 2)]

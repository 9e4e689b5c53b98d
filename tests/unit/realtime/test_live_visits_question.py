"""`live-visits` over hand-made cells. It is 12:00:30: visits begin from 11:30 on, and are over from 10:59 to 11:29."""

from typing import Any

import msgpack
import pytest

from footfall import question_registry
from footfall.realtime import tables
from footfall.realtime.tables import Counts, Population
from tests.unit.realtime.live_log import at_ms, sources
from tests.unit.realtime.memory_store import Cells, MemoryStore

NOBODY = Population(0, 0, 0, 0, {}, None, None, None, 0)
VIEWED = Population(9, 7, 0, 0, {10: 7}, 1, 2, None, 0)


def ask(cells: Cells, time: str = "12:00:30.000", **parameters: Any) -> list[tuple[Any, ...]]:
    """The rows as tuples, in the order of the question's columns, which each row must have."""
    rows = question_registry.ask(sources(cells, time), "live-visits", **parameters)
    assert all(tuple(row) == question_registry.find("live-visits").columns for row in rows)
    return [tuple(row.values()) for row in rows]


def put(
    cells: Cells, time: str, page: str, entries: int, exits: int, app: str = "shop", partition: int = 0, **key: str
) -> None:
    """A cell with so many visits' first and last page views in that minute."""
    row = tables.encode_row_key(app, key.get("dimension", "page"), at_ms(f"{time}:00.000") // 60_000, page)
    cell = tables.encode_counts(Counts(5, VIEWED, NOBODY, entries, exits))
    cells.put("minute_metrics", row, tables.events_column(partition), cell, 5)


def test_minutes_and_partitions_are_summed_by_page() -> None:
    cells = Cells()
    put(cells, "12:00", "/", 3, 2)
    put(cells, "11:50", "/", 4, 1, partition=6)
    put(cells, "11:50", "/", 1, 0, partition=7)
    put(cells, "11:20", "/", 50, 6)
    put(cells, "11:20", "/cart", 0, 2, partition=2)
    put(cells, "11:00", "/cart", 9, 3, partition=3)
    # Not the exits since 11:30, whose visits may go on, and not the entries before.
    assert ask(cells) == [("shop", "/", 8, 6), ("shop", "/cart", 0, 5)]


@pytest.mark.parametrize(
    ("time", "counted"),
    [
        ("12:01", None),
        ("12:00", ("shop", "/", 2, 0)),
        ("11:30", ("shop", "/", 2, 0)),
        ("11:29", ("shop", "/", 0, 3)),
        ("10:59", ("shop", "/", 0, 3)),
        ("10:58", None),
    ],
)
@pytest.mark.parametrize("asked", ["12:00:00.000", "12:00:59.999"])
def test_each_minute_is_among_the_starts_or_the_ends_or_neither(
    time: str, counted: tuple[Any, ...] | None, asked: str
) -> None:
    cells = Cells()
    put(cells, time, "/", 2, 3)
    assert ask(cells, asked) == ([] if counted is None else [counted])


def test_a_page_where_none_begins_or_ends_has_no_row() -> None:
    cells = Cells()
    put(cells, "11:59", "/between", 0, 4)
    put(cells, "11:10", "/between", 5, 0)
    assert ask(cells) == []


def test_the_most_come_first_and_names_break_ties() -> None:
    cells = Cells()
    for app, page, entries, exits in (
        ("shop", "/b", 2, 1),
        ("shop", "/a", 2, 1),
        ("shop", "/ends", 0, 9),
        ("news", "/z", 2, 1),
        ("academy", "/more", 2, 3),
        ("news", "/most", 3, 0),
    ):
        put(cells, "11:40", page, entries, 0, app)
        put(cells, "11:10", page, 0, exits, app)
    assert ask(cells) == ask(cells, app="all")
    assert ask(cells) == [
        ("news", "/most", 3, 0),
        ("academy", "/more", 2, 3),
        ("news", "/z", 2, 1),
        ("shop", "/a", 2, 1),
        ("shop", "/b", 2, 1),
        ("shop", "/ends", 0, 9),
    ]
    assert ask(cells, app="news") == [("news", "/most", 3, 0), ("news", "/z", 2, 1)]


def test_cells_from_before_there_were_visits_count_none() -> None:
    cells = Cells()
    row = tables.encode_row_key("shop", "page", at_ms("11:59:00.000") // 60_000, "/")
    cells.put("minute_metrics", row, b"f:e0", msgpack.packb((5, VIEWED, NOBODY)), 5)
    assert ask(cells) == []
    put(cells, "11:59", "/", 1, 0, partition=1)
    assert ask(cells) == [("shop", "/", 1, 0)]


def test_other_dimensions_and_rejects_are_no_visits() -> None:
    cells = Cells()
    put(cells, "11:59", "home", 4, 4, dimension="section")
    put(cells, "11:10", "DE", 4, 4, dimension="country")
    row = tables.encode_row_key("shop", "page", at_ms("11:59:00.000") // 60_000, "/")
    cells.put("minute_metrics", row, tables.rejected_column(0), tables.encode_rejected(7, 3), 7)
    assert ask(cells) == []


def test_one_scan_of_an_app_reads_all_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    scanned: list[tuple[bytes, bytes]] = []

    def scan(store: MemoryStore, table: str, start: bytes, stop: bytes) -> list[Any]:
        scanned.append((start, stop))
        return []

    monkeypatch.setattr(MemoryStore, "scan", scan)
    assert ask(Cells(), app="shop") == []
    noon = at_ms("12:00:00.000") // 60_000
    first, end = (tables.encode_row_key("shop", "page", minute, "") for minute in (noon - 61, noon + 1))
    assert scanned == [(first, end)]

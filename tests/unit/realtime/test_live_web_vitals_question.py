"""The answers of `live-web-vitals`, worked out by hand from a few events. It is 12:00:30."""

from typing import Any

import pytest

from footfall import question_registry
from footfall.events.validate import check_stored
from footfall.metrics.dimension_limit import OTHER
from footfall.realtime import known_values
from tests.unit.realtime.live_log import count, counted, event, sources
from tests.unit.realtime.memory_store import Cells


def felt(number: int, session: str, time: str, path: str, **values: Any) -> dict[str, Any]:
    """What a browser measured of a view."""
    return event(number, session, number, time, "web_vitals", path, f"v{number}", schema_version="1.1", **values)


# Sessions are in different partitions; Mix's browser and Eve's are desktops, Cat's is a telephone.
LOG = [
    felt(1, "s-eve", "11:00:59.999", "/", lcp_ms=9_000),  # a minute too old
    felt(2, "s-eve", "11:01:00.000", "/", lcp_ms=2_500, inp_ms=200, cls_milli=100, ttfb_ms=800),
    felt(3, "s-mix", "11:30:00.000", "/", lcp_ms=2_501, ttfb_ms=1_801),
    felt(4, "s-cat", "11:59:00.000", "/", lcp_ms=4_001, inp_ms=501, cls_milli=0, ttfb_ms=10),
    felt(5, "s-cat", "12:00:10.000", "/cart", lcp_ms=1_000, cls_milli=251),
    # A repeat with other values: the first one counts.
    felt(5, "s-cat", "12:00:20.000", "/cart", lcp_ms=9_000, cls_milli=9),
    felt(6, "s-bot", "12:00:00.000", "/", lcp_ms=9_000),
    felt(7, "s-old", "12:00:00.000", "/", lcp_ms=9_000, backfill=True),
    felt(8, "s-ben", "12:00:05.000", "/", inp_ms=8),
    # No browser says nothing, but an event may.
    felt(9, "s-fay", "12:00:05.000", "/world/rain"),
    # A page view is none, whatever it says.
    event(10, "s-hal", 10, "12:00:05.000", "page_view", "/", "v10", schema_version="1.1", lcp_ms=9_000),
]
IMPROVE = "needs improvement"


@pytest.fixture(scope="module")
def cells() -> Cells:
    return counted(LOG)


def ask(cells: Cells, **parameters: Any) -> list[tuple[Any, ...]]:
    """The rows as tuples, in the order of the question's columns, which each row must have."""
    rows = question_registry.ask(sources(cells), "live-web-vitals", **parameters)
    columns = question_registry.find("live-web-vitals").columns
    assert all(tuple(row) == columns for row in rows)
    return [tuple(row.values()) for row in rows]


def test_the_log_holds_what_a_collector_would_have_stored() -> None:
    assert [check_stored(event) for event in LOG] == [None] * len(LOG)


def test_by_app(cells: Cells) -> None:
    assert ask(cells) == [
        # LCP 1,000, 2,500, 2,501, 4,001: the third. INP 200, 501: the second. CLS 0, 100, 251: the third. TTFB 10, 800,
        # 1,801: the third. Percentiles are the upper bounds of buckets.
        ("shop", "app", "shop", 4, 2_545, 502, 0.251, 1_817,
         0.5, 0.5, 2 / 3, 2 / 3, IMPROVE, "poor", "poor", "poor"),
        ("news", "app", "news", 2, None, 8, None, None, None, 1.0, None, None, None, "good", None, None),
    ]  # fmt: skip
    assert ask(cells, app="academy") == []


def test_by_page_and_by_device(cells: Cells) -> None:
    assert ask(cells, by="page", app="shop") == [
        ("shop", "page", "/", 3, 4_013, 502, 0.101, 1_817,
         1 / 3, 0.5, 1.0, 2 / 3, "poor", "poor", "good", "poor"),
        ("shop", "page", "/cart", 1, 1_003, None, 0.251, None,
         1.0, None, 0.0, None, "good", None, "poor", None),
    ]  # fmt: skip
    devices = [row[:4] for row in ask(cells, by="device")]
    assert devices == [
        ("shop", "device", "desktop", 2),
        ("shop", "device", "mobile", 2),
        ("news", "device", "desktop", 1),
        ("news", "device", "mobile", 1),
    ]


def test_minutes_end_with_the_current_one(cells: Cells) -> None:
    assert [row[:5] for row in ask(cells, app="shop", minutes=1)] == [("shop", "app", "shop", 1, 1_003)]
    assert ask(cells, app="shop", minutes=61)[0][3] == 5


def test_pages_beyond_the_limit_share_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_values, "MOST_VALUES", 1)
    cells = Cells()
    count(cells, [felt(n, "s-eve", "12:00:00.000", path, lcp_ms=n) for n, path in enumerate(("/", "/cart", "/quiz/1"))])
    assert [(row[2], row[3], row[4]) for row in ask(cells, by="page")] == [(OTHER, 2, 2), ("/", 1, 0)]

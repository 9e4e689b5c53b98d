"""The questions about past days over rows that a store returns: which days are meant, sums, distinct counts, order."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timezone
from typing import Any

import pytest

from footfall import question_registry
from footfall.questions.model import UnknownValue
from footfall.questions.sources import Sources
from footfall.settings import Settings
from footfall.warehouse import firsts
from footfall.warehouse.published import Published
from footfall.warehouse.questions._rows import ordered
from footfall.warehouse.questions._warehouse import WAREHOUSE, Span
from footfall.warehouse.tables import DAY_PAGES, DAY_SUMMARY, Table

FIRST, SECOND, THIRD = date(2026, 11, 26), date(2026, 11, 27), date(2026, 11, 28)
NOW_MS = int(datetime(2026, 11, 29, 12, tzinfo=timezone.utc).timestamp() * 1000)
RUN = "20261129T020000-1a2b"
_BOTS = ("exclude", "include", "only")


class Store:
    """The rows of two published days, and a third day that is archived only."""

    def __init__(self, records: Mapping[str, Sequence[dict[str, Any]]], facts: Sequence[tuple[Any, ...]] = ()) -> None:
        self._records, self._facts = records, facts
        self.selects: list[str] = []

    def close(self) -> None:
        pass

    def published(self) -> dict[date, Published]:
        return {day: Published(day, RUN, 1000, "") for day in (FIRST, SECOND)}

    def unpublished(self, days: Sequence[date], known: Mapping[date, Published], today: date) -> list[date]:
        return [day for day in (THIRD,) if day in days]

    def document(self, path: str) -> Any:
        return {firsts.NEW_VISITORS: [["2026-11-26", "shop", 3], ["2026-11-26", "news", 4]]}.get(path)

    def records(self, table: Table, span: Span, also: str = "") -> list[dict[str, Any]]:
        empty = dict.fromkeys(column.name for column in table.columns)
        rows = [{**empty, **row} for row in self._records.get(table.name, ())]
        return [row for row in rows if row["dt"] in span.partitions and span.app in (None, row["app_id"])]

    def rows(self, select: str, partitions: Mapping[str, str], values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self.selects.append(select)
        return list(self._facts)


def ask(store: Store, question: str, **asked: Any) -> list[dict[str, Any]]:
    with Sources(Settings(), {WAREHOUSE: store}, lambda: NOW_MS) as sources:
        return question_registry.ask(sources, question, **asked)


def page(dt: date, path: str, views: int, **more: Any) -> dict[str, Any]:
    counts = {"visits": views, "visitors": views, "engaged_ms": 0, "entries": views, "exits": 0, "bounces": 0}
    rest = {"scroll_sum": 0, "scroll_views": 0, "title_ms": 1}
    return {"dt": str(dt), "app_id": "shop", "page_path": path, "page_views": views, **counts, **rest, **more}


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"date": "2026-11-27", "from": "2026-11-26"}, "Give either date, or from and to."),
        ({"from": "2026-11-26"}, "Give both from and to, or date for a single day."),
        ({"to": "2026-11-27"}, "Give both from and to, or date for a single day."),
        ({"from": "2026-11-27", "to": "2026-11-26"}, "from (2026-11-27) lies after to (2026-11-26)."),
        ({"date": "2026-11-29"}, "2026-11-29 is not over yet (UTC)."),
        ({"date": "2030-01-01"}, "2030-01-01 is not over yet (UTC)."),
        ({"date": "27.11.2026"}, "The parameter date is a UTC day such as 2026-11-24, not '27.11.2026'."),
        ({"date": "２０２６-11-27"}, "The parameter date is a UTC day such as 2026-11-24, not '２０２６-11-27'."),
        ({"date": "20261127"}, "The parameter date is a UTC day such as 2026-11-24, not '20261127'."),
        ({"date": "2026-02-30"}, "The parameter date is a UTC day such as 2026-11-24, not '2026-02-30'."),
        ({"from": "1999-01-01", "to": "2026-11-27"}, "the most are 90."),
        ({"date": "2026-11-28"}, "2026-11-28 has events and is not published. Run `./footfall batch --from 2026-11-28"),
        ({"from": "2026-11-26", "to": "2026-11-28"}, "2026-11-28 has events and is not published."),
        ({"date": "2026-10-01"}, "There are no events on 2026-10-01."),
        ({"bots": "some"}, "There is no choice of bots 'some'; there are: exclude, include, only."),
        ({"app": "blog"}, "blog"),
    ],
)
def test_a_wrong_span_is_a_sentence(asked: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UnknownValue) as refused:
        ask(Store({}), "most-visited-pages", **asked)
    assert sentence in str(refused.value)


def test_without_a_day_the_newest_published_one_is_meant() -> None:
    store = Store({"day_pages": [page(FIRST, "/old", 9), page(SECOND, "/", 1)]})
    assert [(row["from_dt"], row["page_path"]) for row in ask(store, "most-visited-pages")] == [("2026-11-27", "/")]
    # A single day is read from the day's own figures.
    assert store.selects == []


def test_a_range_adds_up_counts_and_asks_the_facts_for_visitors() -> None:
    pages = [
        page(FIRST, "/a", 2, page_title="Old", title_ms=5, entries=2, bounces=1),
        page(SECOND, "/a", 3, page_title="New", title_ms=9, entries=3, bounces=2, scroll_sum=90, scroll_views=2),
        page(SECOND, "/b", 5),
        page(SECOND, "/left-open", 0, engaged_ms=7),
    ]
    store = Store({DAY_PAGES.name: pages}, [("shop", "/a", 4), ("shop", "/b", 1)])
    rows = ask(store, "most-visited-pages", **{"from": str(FIRST), "to": str(SECOND)})
    # Equal numbers of views are ordered by page.
    assert [(row["page_path"], row["page_views"], row["visitors"]) for row in rows] == [("/a", 5, 4), ("/b", 5, 1)]
    assert (rows[0]["page_title"], rows[0]["bounce_rate"], rows[0]["avg_scroll_pct"]) == ("New", 3 / 5, 45.0)
    assert rows[1]["avg_scroll_pct"] is None
    [select] = store.selects
    assert "count(DISTINCT anonymous_id)" in select
    assert "NOT is_bot" in select


def test_new_visitors_of_all_sites_are_summed() -> None:
    counts = {column.name: 1 for column in DAY_SUMMARY.columns if column.type == "bigint"}
    rows = [{"dt": str(FIRST), "app_id": app, **counts} for app in ("all", "shop")]
    answer = ask(Store({DAY_SUMMARY.name: rows}), "daily-summary", date=str(FIRST))
    assert [(row["app_id"], row["new_visitors"]) for row in answer] == [("all", 7), ("shop", 3)]
    assert answer[0]["published_at"] == "1970-01-01T00:00:01.000Z"


def test_bots_are_no_new_visitors() -> None:
    counts = {column.name: 1 for column in DAY_SUMMARY.columns if column.type == "bigint"}
    store = Store({DAY_SUMMARY.name: [{"dt": str(FIRST), "app_id": "shop", **counts}]})
    new = {bots: ask(store, "daily-summary", bots=bots, date=str(FIRST))[0]["new_visitors"] for bots in _BOTS}
    assert new == {"exclude": 3, "include": 3, "only": 0}


def test_rows_without_a_value_come_last_and_ties_are_ascending() -> None:
    rows = [
        {"n": None, "name": "x", "flag": True},
        {"n": 2, "name": None, "flag": False},
        {"n": 2, "name": "é", "flag": True},
        {"n": 2, "name": "z", "flag": True},
        {"n": 2, "name": "z", "flag": False},
        {"n": 3, "name": "a", "flag": False},
    ]
    expected = [("a", False), ("z", False), ("z", True), ("é", True), (None, False), ("x", True)]
    assert [(row["name"], row["flag"]) for row in ordered(rows, "n", ("name", "flag"), None)] == expected
    assert len(ordered(rows, "n", ("name",), 2)) == 2

"""The questions about what was learned, over rows that a store returns."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from footfall import question_registry
from footfall.learning.questions._learned import LEARNED
from footfall.questions.model import UnknownValue
from footfall.questions.sources import Sources
from footfall.settings import Settings
from footfall.warehouse.published import Published
from footfall.warehouse.tables import Table

DAY = date(2026, 11, 28)
STAMP = {"model_id": "m", "computed_ms": 1_795_867_200_123}


class Store:
    """The rows of one published window."""

    def __init__(self, records: Mapping[str, Sequence[dict[str, Any]]], days: Sequence[date] = (DAY,)) -> None:
        self._records, self._days = records, days

    def close(self) -> None:
        pass

    def published(self, table: Table) -> dict[date, Published]:
        return {day: Published(day, "20261129T020000-1a2b", 1, "") for day in self._days}

    def records(
        self, table: Table, which: Published, condition: str = "true", values: Sequence[Any] = ()
    ) -> list[dict[str, Any]]:
        names = [part.split(" = ")[0] for part in condition.split(" AND ") if "%s" in part]
        wanted = dict(zip(names, values, strict=True))
        empty = dict.fromkeys(column.name for column in table.columns)
        rows = [{**empty, **row} for row in self._records.get(table.name, ())]
        return [row for row in rows if wanted.items() <= row.items()]


def ask(store: Store, question: str, **asked: Any) -> list[dict[str, Any]]:
    with Sources(Settings(), {LEARNED: store}) as sources:
        return question_registry.ask(sources, question, **asked)


def test_segments_are_sorted_by_what_sets_them_apart() -> None:
    rows = [
        {"segment_id": number, "feature": feature, "z": z}
        for number, feature, z in ((1, "visits", 0.2), (0, "visits", 0.1), (0, "sections", -2.0), (0, "a", 0.1))
    ]
    found = ask(Store({"segments": rows}), "segments")
    assert [(row["segment_id"], row["feature"]) for row in found] == [
        (0, "sections"),
        (0, "a"),
        (0, "visits"),
        (1, "visits"),
    ]


def test_segments_of_a_day_that_nobody_learned_from_are_refused() -> None:
    with pytest.raises(UnknownValue, match="the newest window ends on 2026-11-28"):
        ask(Store({}), "segments", date="2026-11-27")
    with pytest.raises(UnknownValue, match="Nothing is published yet"):
        ask(Store({}, ()), "segments")
    for text in ("yesterday", "20261128", "２０２６-11-28"):
        with pytest.raises(UnknownValue, match="UTC day such as"):
            ask(Store({}), "segments", date=text)


def _listed(app: str, rank: int, item: str, **more: Any) -> dict[str, Any]:
    return {
        "app_id": app,
        "rank": rank,
        "item_id": item,
        "item_type": "product",
        "title": item.title(),
        **STAMP,
        **more,
    }


STORE = Store(
    {
        "recommendations": [
            _listed("shop", 2, "tent", subject="ann", score=1.0, reason_item_id="lamp"),
            _listed("shop", 1, "boot", subject="ann", score=2.0),
            _listed("news", 1, "story", subject="ann", score=3.0),
            _listed("shop", 1, "map", subject="ben", score=None),
        ],
        "popular_items": [
            _listed("shop", 1, "lamp", page_section="all", users=9),
            _listed("shop", 1, "rope", page_section="camping", users=9),
            _listed("news", 1, "story", page_section="all", users=9),
        ],
    }
)


def test_a_users_items_are_in_their_order() -> None:
    found = ask(STORE, "recommendations", user="ann")
    assert [(row["rank"], row["item_id"], row["app_id"]) for row in found] == [
        (1, "story", "news"),
        (1, "boot", "shop"),
        (2, "tent", "shop"),
    ]
    [_, tent] = ask(STORE, "recommendations", user="ann", app="shop")
    assert tent == {
        "user_or_fallback": "ann",
        "rank": 2,
        "item_id": "tent",
        "item_type": "product",
        "title": "Tent",
        "score": 1.0,
        "reason_item_id": "lamp",
        "model_id": "m",
        "computed_at": "2026-11-28T12:00:00.123Z",
        "app_id": "shop",
    }


def test_an_unknown_user_gets_what_is_popular_on_the_site() -> None:
    [row] = ask(STORE, "recommendations", user="nobody", app="shop")
    assert (row["user_or_fallback"], row["item_id"], row["score"]) == ("fallback", "lamp", None)
    with pytest.raises(UnknownValue, match="no app 'else'"):
        ask(STORE, "recommendations", user="ann", app="else")


def test_similar_items_are_in_their_order() -> None:
    rows = [
        {"item_id": item, "rank": rank, "similar_item_id": other, "similarity": 0.5, "cooccurrences": 3}
        for item, rank, other in (("tent", 2, "map"), ("tent", 1, "lamp"), ("lamp", 1, "tent"))
    ]
    found = ask(Store({"similar_items": rows}), "similar-items", item="tent")
    assert [(row["rank"], row["similar_item_id"]) for row in found] == [(1, "lamp"), (2, "map")]
    with pytest.raises(UnknownValue, match="similar to 'none'"):
        ask(Store({"similar_items": rows}), "similar-items", item="none")


def test_items_of_one_id_are_told_apart_by_their_types() -> None:
    rows = [
        {"app_id": "academy", "item_id": "algebra", "item_type": kind, "rank": 1}
        | {"similar_item_id": "logic", "similar_item_type": other, "title": "Logic", "similarity": 0.5}
        for kind, other in (("quiz", "course"), ("course", "quiz"))
    ]
    found = ask(Store({"similar_items": rows}), "similar-items", item="algebra")
    assert [tuple(row.values())[-3:] for row in found] == [("academy", "course", "quiz"), ("academy", "quiz", "course")]

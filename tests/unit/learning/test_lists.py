"""The lists of the sites are the rows of the tables, in their order."""

from footfall.learning.ids import Item, User
from footfall.learning.lists import lists
from footfall.learning.runs import Plan
from footfall.recommendations import table
from footfall.recommendations.table import Entry, StoredList

PLAN = Plan("20261129T020000-1a2b", {"2026-11-28": "20261129T010000-1a2b"}, [], [])
STAMP = {"model_id": "m", "computed_ms": 7}
TENT = {"app_id": "shop", "item_type": "product", "item_id": "tent", **STAMP}


def _stored(*entries: Entry, used: tuple[tuple[str, str], ...] = ()) -> StoredList:
    return StoredList("m", "2026-11-28", PLAN.run, 7, entries, used)


def test_each_list_is_in_a_row_of_its_own_in_its_order() -> None:
    recommended = [
        {**TENT, "subject": "ann", "rank": 2, "item_id": "axe", "score": None, "reason_item_id": None},
        {**TENT, "subject": "ann", "rank": 1, "score": 0.5, "reason_item_id": "boot"},
        {**TENT, "app_id": "news", "subject": "ann", "rank": 1, "score": 0.1, "reason_item_id": None},
    ]
    similar = [{**TENT, "rank": 1, "similar_item_type": "product", "similar_item_id": "axe", "similarity": 0.9}]
    popular = [{**TENT, "page_section": "all", "rank": 1}]
    used = {User("shop", "ann"): [Item("shop", "product", "boot"), Item("shop", "course", "knots")]}
    assert lists(PLAN, recommended, similar, popular, used) == {
        table.subject_key("shop", "ann"): _stored(
            Entry("product", "tent", 0.5, "boot"),
            Entry("product", "axe"),
            used=(("product", "boot"), ("course", "knots")),
        ),
        table.subject_key("news", "ann"): _stored(Entry("product", "tent", 0.1)),
        table.similar_key("shop", "product", "tent"): _stored(Entry("product", "axe", 0.9)),
        table.popular_key("shop"): _stored(Entry("product", "tent")),
    }


def test_a_row_does_not_grow_without_bound() -> None:
    recommended = [{**TENT, "subject": "ann", "rank": 1, "score": 0.5, "reason_item_id": None}]
    used = {User("shop", "ann"): [Item("shop", "product", str(number)) for number in range(1000)]}
    [(_, found)] = lists(PLAN, recommended, [], [], used).items()
    assert found.used == tuple(("product", str(number)) for number in range(table.MOST_USED))

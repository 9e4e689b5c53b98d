"""The lists of the sites in HBase, made of the rows of the tables in Hive. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from footfall.learning.ids import Item, User
from footfall.learning.runs import Plan
from footfall.recommendations import table
from footfall.recommendations.table import Entry, StoredList

Rows = Iterable[Mapping[str, Any]]


def lists(
    plan: Plan, recommendations: Rows, similar: Rows, popular: Rows, used: Mapping[User, Sequence[Item]]
) -> dict[bytes, StoredList]:
    """The lists by row key. recommendations, similar, popular: rows of the tables. used: what each user used, the
    latest first."""
    found: dict[bytes, list[tuple[int, Entry, Mapping[str, Any]]]] = defaultdict(list)
    left_out: dict[bytes, Sequence[Item]] = {}
    for row in recommendations:
        key = table.subject_key(row["app_id"], row["subject"])
        left_out[key] = used.get(User(row["app_id"], row["subject"]), ())
        entry = Entry(row["item_type"], row["item_id"], row["score"], row["reason_item_id"])
        found[key].append((row["rank"], entry, row))
    for row in similar:
        key = table.similar_key(row["app_id"], row["item_type"], row["item_id"])
        entry = Entry(row["similar_item_type"], row["similar_item_id"], row["similarity"])
        found[key].append((row["rank"], entry, row))
    for row in popular:
        key = table.popular_key(row["app_id"], row["page_section"])
        found[key].append((row["rank"], Entry(row["item_type"], row["item_id"]), row))
    return {
        key: StoredList(
            listed[0][2]["model_id"],
            plan.dt,
            plan.run,
            listed[0][2]["computed_ms"],
            tuple(entry for _, entry, _ in sorted(listed, key=lambda one: one[0])),
            tuple((item.item_type, item.item_id) for item in left_out.get(key, ())[: table.MOST_USED]),
        )
        for key, listed in found.items()
    }

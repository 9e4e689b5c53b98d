"""The items that the users of an item used as well."""

from footfall.learning.questions._learned import LEARNED, Learned, newest
from footfall.learning.tables import SIMILAR_ITEMS
from footfall.questions.model import Parameter, Question, Row, UnknownValue
from footfall.questions.sources import Context


def run(context: Context[Learned], item: str) -> list[Row]:
    """Rows of `similar-items`. Raises UnknownValue, HiveUnavailable and HdfsUnavailable."""
    which = newest(context.store.published(SIMILAR_ITEMS), "recommendations")
    rows = context.store.records(SIMILAR_ITEMS, which, "item_id = %s", [item])
    if not rows:
        raise UnknownValue(f"No item is known to be similar to {item!r}, or there is no such item.")
    rows.sort(key=lambda row: (row["rank"], row["app_id"], row["item_type"], row["similar_item_id"]))
    return [{name: row[name] for name in QUESTION.columns} for row in rows]


QUESTION = Question(
    "similar-items",
    __doc__,
    columns=(
        "item_id",
        "rank",
        "similar_item_id",
        "title",
        "similarity",
        "cooccurrences",
        "app_id",
        "item_type",
        "similar_item_type",
    ),
    parameters=(Parameter("item", "an item_id", required=True),),
    source=LEARNED,
    run=run,
)

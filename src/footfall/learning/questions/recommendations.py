"""Items that a user may like next, or popular ones."""

from typing import Any, Final

from footfall.learning.questions._learned import LEARNED, Learned, newest, rfc3339
from footfall.learning.ranking import ALL_SECTIONS, MOST
from footfall.learning.tables import POPULAR_ITEMS, RECOMMENDATIONS
from footfall.questions import parameters
from footfall.questions.model import Question, Row
from footfall.questions.sources import Context

# In place of the user, in rows of popular items.
FALLBACK: Final = "fallback"


def run(context: Context[Learned], user: str, app: str | None) -> list[Row]:
    """Rows of `recommendations`. Raises UnknownValue, HiveUnavailable and HdfsUnavailable."""
    which = newest(context.store.published(RECOMMENDATIONS), "recommendations")
    condition, values = ("app_id = %s", [app]) if app is not None else ("true", [])
    rows = context.store.records(RECOMMENDATIONS, which, f"subject = %s AND {condition}", [user, *values])
    if rows:
        return [_row(user, row, row["score"], row["reason_item_id"]) for row in _ordered(rows)]
    popular = context.store.records(POPULAR_ITEMS, which, f"page_section = %s AND {condition}", [ALL_SECTIONS, *values])
    return [_row(FALLBACK, row, None, None) for row in _ordered(popular) if row["rank"] <= MOST]


def _ordered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row["rank"], row["app_id"], row["item_id"]))


def _row(user: str, row: dict[str, Any], score: float | None, reason: str | None) -> Row:
    return {
        "user_or_fallback": user,
        "rank": row["rank"],
        "item_id": row["item_id"],
        "item_type": row["item_type"],
        "title": row["title"],
        "score": score,
        "reason_item_id": reason,
        "model_id": row["model_id"],
        "computed_at": rfc3339(row["computed_ms"]),
        "app_id": row["app_id"],
    }


def _stored(context: Context[Learned], name: str) -> tuple[str, ...]:
    """The app if something is popular there, since a removed site keeps what was learned of it."""
    found = context.store.published(POPULAR_ITEMS)
    if not found:
        return ()
    return (name,) if context.store.records(POPULAR_ITEMS, found[max(found)], "app_id = %s", [name]) else ()


QUESTION = Question(
    "recommendations",
    __doc__,
    columns=(
        "user_or_fallback",
        "rank",
        "item_id",
        "item_type",
        "title",
        "score",
        "reason_item_id",
        "model_id",
        "computed_at",
        "app_id",
    ),
    parameters=(parameters.USER, parameters.app(_stored)),
    source=LEARNED,
    run=run,
    when_empty="Nothing is popular there: nobody used its items in the days that were learned from.",
)

"""Transitions of past days: from which page to which."""

from collections import Counter
from datetime import date
from typing import Any, Final

from footfall.questions.model import Question, Row
from footfall.questions.sources import Context
from footfall.warehouse.questions._rows import ordered, ratio, summed
from footfall.warehouse.questions._warehouse import HEAD, WAREHOUSE, R, Warehouse, span
from footfall.warehouse.tables import DAY_TRANSITIONS

_KEY: Final = ("app_id", "from_page", "to_page")


def run(
    context: Context[Warehouse],
    day: date | None,
    first: date | None,
    last: date | None,
    app: str | None,
    bots: str,
    limit: int | None,
) -> list[Row]:
    """Rows of `transitions`. Raises UnknownValue, HiveUnavailable and HdfsUnavailable."""
    asked = span(context, day, first, last, app, bots)
    totals = summed(context.store.records(DAY_TRANSITIONS, asked), _KEY, ("transitions",)).values()
    left: Counter[Any] = Counter()
    for total in totals:
        left[total["app_id"], total["from_page"]] += total["transitions"]
    answer = [
        {
            **asked.head(total["app_id"]),
            "from_page": total["from_page"],
            "to_page": total["to_page"],
            "count": total["transitions"],
            "from_share": ratio(total["transitions"], left[total["app_id"], total["from_page"]]),
        }
        for total in totals
    ]
    return ordered(answer, "count", _KEY, limit)


QUESTION = Question(
    "transitions",
    __doc__,
    columns=(*HEAD, "from_page", "to_page", "count", "from_share"),
    parameters=R,
    source=WAREHOUSE,
    run=run,
    when_empty="No such visit on these days went from one page to another.",
)

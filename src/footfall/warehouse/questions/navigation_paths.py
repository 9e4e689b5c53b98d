"""Paths of past days: with which pages visits begin."""

from datetime import date
from typing import Any, Final

from footfall.questions import parameters
from footfall.questions.model import Parameter, Question, Row
from footfall.questions.sources import Context
from footfall.warehouse.questions._rows import ordered, ratio, summed
from footfall.warehouse.questions._warehouse import HEAD, WAREHOUSE, R, Warehouse, span
from footfall.warehouse.tables import DAY_PATHS, DAY_SUMMARY

_KEY: Final = ("app_id", "length", "path", "ends_in_exit")


def run(
    context: Context[Warehouse],
    day: date | None,
    first: date | None,
    last: date | None,
    app: str | None,
    bots: str,
    limit: int | None,
    by: str,
    length: int | None,
) -> list[Row]:
    """Rows of `navigation-paths`. Raises UnknownValue, HiveUnavailable and HdfsUnavailable."""
    asked = span(context, day, first, last, app, bots)
    # Both come from the parameters' fixed choices.
    condition = f"path_of = '{by}'" + (f" AND `length` = {length}" if length is not None else "")
    rows = context.store.records(DAY_PATHS, asked, condition)
    visits = summed(context.store.records(DAY_SUMMARY, asked), ("app_id",), ("visits",))
    answer: list[dict[str, Any]] = [
        {
            **asked.head(total["app_id"]),
            "path": total["path"],
            "length": total["length"],
            "ends_in_exit": total["ends_in_exit"],
            "visits": total["visits"],
            "visit_share": ratio(total["visits"], visits[(total["app_id"],)]["visits"]),
            "conversions": total["conversions"],
        }
        for total in summed(rows, _KEY, ("visits", "conversions")).values()
    ]
    return ordered(answer, "visits", ("app_id", "path", "length", "ends_in_exit"), limit)


QUESTION = Question(
    "navigation-paths",
    __doc__,
    columns=(*HEAD, "path", "length", "ends_in_exit", "visits", "visit_share", "conversions"),
    parameters=(
        *R,
        parameters.by("page_type", "page_path"),
        Parameter("length", "the number of steps, or each if left out", int, least=2, most=5),
    ),
    source=WAREHOUSE,
    run=run,
    when_empty="No such visit on these days has a path of this length. Repetitions of a step count as one step.",
)

"""The checks of past days, and their warnings."""

from datetime import date
from typing import Final

from footfall.events.times import format_rfc3339_ms
from footfall.names import ALL_APPS
from footfall.questions import parameters
from footfall.questions.model import Question, Row
from footfall.questions.sources import Context
from footfall.warehouse.questions._warehouse import HEAD, RANGE, WAREHOUSE, Warehouse, span
from footfall.warehouse.tables import DATA_QUALITY

# Most urgent first.
_STATUSES: Final = ("failed", "warning", "ok")


def run(
    context: Context[Warehouse], day: date | None, first: date | None, last: date | None, limit: int | None
) -> list[Row]:
    """Rows of `data-quality`: the checks of each day. Raises UnknownValue, HiveUnavailable and HdfsUnavailable."""
    asked = span(context, day, first, last, None)
    answer = [
        {
            "from_dt": row["dt"],
            "to_dt": row["dt"],
            "app_id": ALL_APPS,
            **{name: row[name] for name in ("check_name", "table_name", "observed", "threshold", "status")},
            "checked_at": format_rfc3339_ms(row["checked_ms"]),
        }
        for row in context.store.records(DATA_QUALITY, asked)
    ]
    answer.sort(key=lambda row: (_STATUSES.index(row["status"]), row["check_name"], row["table_name"], row["from_dt"]))
    return answer[:limit]


QUESTION = Question(
    "data-quality",
    __doc__,
    columns=(*HEAD, "check_name", "table_name", "observed", "threshold", "status", "checked_at"),
    parameters=(*RANGE, parameters.limit()),
    source=WAREHOUSE,
    run=run,
)

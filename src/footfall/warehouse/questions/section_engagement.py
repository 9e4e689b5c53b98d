"""Sections of past days: use and engaged time."""

from datetime import date
from typing import Final

from footfall.questions.model import Question, Row
from footfall.questions.sources import Context
from footfall.warehouse.questions._rows import ordered, ratio, summed
from footfall.warehouse.questions._warehouse import HEAD, WAREHOUSE, R, Warehouse, span
from footfall.warehouse.tables import DAY_SECTIONS

_COUNTS: Final = ("page_views", "visits", "engaged_ms", "exits", "scroll_sum", "scroll_views")
_KEY: Final = ("app_id", "page_section")


def run(
    context: Context[Warehouse],
    day: date | None,
    first: date | None,
    last: date | None,
    app: str | None,
    bots: str,
    limit: int | None,
) -> list[Row]:
    """Rows of `section-engagement`. Raises UnknownValue, HiveUnavailable and HdfsUnavailable."""
    asked = span(context, day, first, last, app, bots)
    rows = context.store.records(DAY_SECTIONS, asked)
    if asked.is_day:
        visitors = {(row["app_id"], row["page_section"]): row["visitors"] for row in rows}
    else:
        condition, values = asked.of_facts()
        select = (
            "SELECT app_id, page_section, count(DISTINCT anonymous_id) FROM fact_page_views "
            f"WHERE {condition} GROUP BY app_id, page_section"
        )
        found = context.store.rows(select, asked.partitions, values)
        visitors = {(site, section): n for site, section, n in found}
    answer = [
        {
            **asked.head(total["app_id"]),
            "page_section": total["page_section"],
            "page_views": total["page_views"],
            "visits": total["visits"],
            "visitors": visitors.get(key, 0),
            "engaged_ms": total["engaged_ms"],
            "engaged_ms_per_view": ratio(total["engaged_ms"], total["page_views"]),
            "avg_scroll_pct": ratio(total["scroll_sum"], total["scroll_views"]),
            "exit_rate": ratio(total["exits"], total["page_views"]),
        }
        for key, total in summed(rows, _KEY, _COUNTS).items()
        # A page that was only left open from the day before has engaged time, but no page view.
        if total["page_views"]
    ]
    return ordered(answer, "engaged_ms", _KEY, limit)


QUESTION = Question(
    "section-engagement",
    __doc__,
    columns=(
        *HEAD,
        "page_section",
        "page_views",
        "visits",
        "visitors",
        "engaged_ms",
        "engaged_ms_per_view",
        "avg_scroll_pct",
        "exit_rate",
    ),
    parameters=R,
    source=WAREHOUSE,
    run=run,
    when_empty="No such visitor viewed a page of a section on these days.",
)

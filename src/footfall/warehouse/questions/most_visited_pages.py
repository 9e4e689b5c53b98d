"""Pages of past days: use, entries, exits, depth."""

from datetime import date
from typing import Any, Final

from footfall.questions.model import Question, Row
from footfall.questions.sources import Context
from footfall.warehouse.questions._rows import ordered, ratio, summed
from footfall.warehouse.questions._warehouse import HEAD, WAREHOUSE, R, Span, Warehouse, span
from footfall.warehouse.tables import DAY_PAGES

_COUNTS: Final = ("page_views", "visits", "engaged_ms", "entries", "exits", "bounces", "scroll_sum", "scroll_views")
_KEY: Final = ("app_id", "page_path")


def run(
    context: Context[Warehouse],
    day: date | None,
    first: date | None,
    last: date | None,
    app: str | None,
    bots: str,
    limit: int | None,
) -> list[Row]:
    """Rows of `most-visited-pages`. Raises UnknownValue, HiveUnavailable and HdfsUnavailable."""
    asked = span(context, day, first, last, app, bots)
    rows = context.store.records(DAY_PAGES, asked)
    newest = {key: row for row in sorted(rows, key=lambda row: row["title_ms"] or 0) for key in [_key(row)]}
    visitors = {_key(row): row["visitors"] for row in rows} if asked.is_day else page_visitors(context.store, asked)
    found = [
        {
            **asked.head(total["app_id"]),
            "page_path": total["page_path"],
            "page_title": newest[key]["page_title"],
            "page_type": newest[key]["page_type"],
            "page_views": total["page_views"],
            "visits": total["visits"],
            "visitors": visitors.get(key, 0),
            "engaged_ms": total["engaged_ms"],
            "entries": total["entries"],
            "exits": total["exits"],
            "exit_rate": ratio(total["exits"], total["page_views"]),
            "bounces": total["bounces"],
            "bounce_rate": ratio(total["bounces"], total["entries"]),
            "avg_scroll_pct": ratio(total["scroll_sum"], total["scroll_views"]),
        }
        for key, total in summed(rows, _KEY, _COUNTS).items()
        # A page that was only left open from the day before has engaged time, but no page view.
        if total["page_views"]
    ]
    return ordered(found, "page_views", _KEY, limit)


def page_visitors(store: Warehouse, asked: Span) -> dict[tuple[Any, ...], int]:
    """The distinct visitors of each page over a range."""
    condition, values = asked.of_facts()
    select = (
        "SELECT app_id, page_path, count(DISTINCT anonymous_id) FROM fact_page_views "
        f"WHERE {condition} GROUP BY app_id, page_path"
    )
    return {(app, path): n for app, path, n in store.rows(select, asked.partitions, values)}


def _key(row: Row) -> tuple[Any, ...]:
    return row["app_id"], row["page_path"]


QUESTION = Question(
    "most-visited-pages",
    __doc__,
    columns=(
        *HEAD,
        "page_path",
        "page_title",
        "page_type",
        "page_views",
        "visits",
        "visitors",
        "engaged_ms",
        "entries",
        "exits",
        "exit_rate",
        "bounces",
        "bounce_rate",
        "avg_scroll_pct",
    ),
    parameters=R,
    source=WAREHOUSE,
    run=run,
    when_empty="No such visitor viewed a page on these days.",
)

"""Past days in one row each, site by site."""

from datetime import date

from footfall.events.times import format_rfc3339_ms
from footfall.metrics.errors import error_rate
from footfall.names import ALL_APPS
from footfall.questions.model import Question, Row
from footfall.questions.sources import Context
from footfall.warehouse import firsts
from footfall.warehouse.questions._rows import ratio
from footfall.warehouse.questions._warehouse import WAREHOUSE, R, Warehouse, span
from footfall.warehouse.tables import DAY_SUMMARY


def run(
    context: Context[Warehouse],
    day: date | None,
    first: date | None,
    last: date | None,
    app: str | None,
    bots: str,
    limit: int | None,
) -> list[Row]:
    """Rows of `daily-summary`: each day, each site, and the sum of all sites.

    Raises UnknownValue, HiveUnavailable and HdfsUnavailable.
    """
    asked = span(context, day, first, last, app, bots)
    # A new visitor is no bot, so a population of bots has none.
    has_people = asked.population != "bots"
    new = firsts.new_visitors(context.store.document(firsts.NEW_VISITORS)) if has_people else {}
    known = context.store.published()
    answer = []
    for row in context.store.records(DAY_SUMMARY, asked):
        dt, site = row["dt"], row["app_id"]
        answer.append(
            {
                "dt": dt,
                "app_id": site,
                "page_views": row["page_views"],
                "visits": row["visits"],
                "visitors": row["visitors"],
                "engaged_ms": row["engaged_ms"],
                "events": row["events"],
                "new_visitors": sum(n for (at, of), n in new.items() if at == dt and site in (of, ALL_APPS)),
                "users": row["users"],
                "bounce_rate": ratio(row["bounces"], row["visits"]),
                "median_visit_ms": row["median_visit_ms"],
                "conversions": row["conversions"],
                "revenue_cents": row["revenue_cents"],
                "errors": row["errors"],
                "error_rate": error_rate(row["errors"], row["attempts"]),
                "p95_ms": row["p95_ms"],
                "bot_events": row["bot_events"],
                "late_events": row["late_events"],
                "published_at": format_rfc3339_ms(known[date.fromisoformat(dt)].published_ms),
            }
        )
    return sorted(answer, key=lambda row: (row["dt"], row["app_id"]))[:limit]


QUESTION = Question(
    "daily-summary",
    __doc__,
    columns=(
        "dt",
        "app_id",
        "page_views",
        "visits",
        "visitors",
        "engaged_ms",
        "events",
        "new_visitors",
        "users",
        "bounce_rate",
        "median_visit_ms",
        "conversions",
        "revenue_cents",
        "errors",
        "error_rate",
        "p95_ms",
        "bot_events",
        "late_events",
        "published_at",
    ),
    parameters=R,
    source=WAREHOUSE,
    run=run,
    when_empty="There was no such visit on these days.",
)

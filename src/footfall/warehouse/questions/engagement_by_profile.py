"""Visits of users, by an attribute of their profile."""

from datetime import date
from typing import Any, Final

from footfall.questions import parameters
from footfall.questions.model import Question, Row
from footfall.questions.sources import Context
from footfall.warehouse.questions._rows import ordered, ratio, summed
from footfall.warehouse.questions._warehouse import HEAD, WAREHOUSE, R, Span, Warehouse, span
from footfall.warehouse.tables import DAY_PROFILES

_COUNTS: Final = ("page_views", "visits", "engaged_ms", "conversions", "revenue_cents")
_KEY: Final = ("app_id", "value")


def run(
    context: Context[Warehouse],
    day: date | None,
    first: date | None,
    last: date | None,
    app: str | None,
    bots: str,
    limit: int | None,
    by: str,
) -> list[Row]:
    """Rows of `engagement-by-profile`. Raises UnknownValue, HiveUnavailable and HdfsUnavailable."""
    asked = span(context, day, first, last, app, bots)
    rows = context.store.records(DAY_PROFILES, asked, f"dimension = '{by}'")  # one of the fixed choices
    if asked.is_day:
        people = {(row["app_id"], row["value"]): (row["users"], row["visitors"]) for row in rows}
    else:
        people = _people(context.store, asked, by)
    answer = []
    for key, total in summed(rows, _KEY, _COUNTS).items():
        users, visitors = people[key]
        answer.append(
            {
                **asked.head(total["app_id"]),
                "dimension": by,
                "value": total["value"],
                "users": users,
                "page_views": total["page_views"],
                "visits": total["visits"],
                "visitors": visitors,
                "engaged_ms": total["engaged_ms"],
                "conversions": total["conversions"],
                "revenue_cents": total["revenue_cents"],
                "engaged_ms_per_user": ratio(total["engaged_ms"], users),
            }
        )
    return ordered(answer, "users", _KEY, limit)


def _people(store: Warehouse, asked: Span, by: str) -> dict[tuple[Any, ...], tuple[int, int]]:
    """The distinct users and visitors of each value over a range."""
    visit = "visit_id_all" if asked.population == "all" else "visit_id"
    condition, values = asked.of_facts("v")
    select = (
        f"SELECT v.app_id, coalesce(t.profile_{by}, 'unknown'), count(DISTINCT t.user_id), "
        f"count(DISTINCT v.anonymous_id) FROM fact_page_views v JOIN fact_visits t "
        f"ON t.dt = v.dt AND t.visit_id = v.{visit} AND t.population = '{asked.population}' "
        f"WHERE t.user_id IS NOT NULL AND {condition} GROUP BY v.app_id, coalesce(t.profile_{by}, 'unknown')"
    )
    found = store.rows(select, asked.partitions, values)
    return {(site, value): (users, visitors) for site, value, users, visitors in found}


QUESTION = Question(
    "engagement-by-profile",
    __doc__,
    columns=(
        *HEAD,
        "dimension",
        "value",
        "users",
        "page_views",
        "visits",
        "visitors",
        "engaged_ms",
        "conversions",
        "revenue_cents",
        "engaged_ms_per_user",
    ),
    parameters=(*R, parameters.by("plan", "country", "age_band", "company_size")),
    source=WAREHOUSE,
    run=run,
    when_empty="No such visitor was logged in on these days. Only users have a profile.",
)

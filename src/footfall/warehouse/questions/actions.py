"""What people did on past days: events by type."""

from datetime import date
from typing import Final

from footfall.questions.model import Question, Row
from footfall.questions.sources import Context
from footfall.warehouse.questions._rows import ordered
from footfall.warehouse.questions._warehouse import HEAD, WAREHOUSE, R, Warehouse, span

_KEY: Final = ("app_id", "event_type", "element", "page_type", "event_name")
# A run of events without a page view has a visit_id, too, but is no visit.
_SELECT: Final = """
SELECT e.app_id, e.event_type, e.element, e.page_type, e.event_name,
  count(*), count(DISTINCT v.visit_id), count(DISTINCT e.anonymous_id)
FROM fact_events e
LEFT JOIN (SELECT dt, visit_id FROM fact_visits WHERE population = %s) v ON e.dt = v.dt AND e.{visit} = v.visit_id
WHERE {facts}
GROUP BY e.app_id, e.event_type, e.element, e.page_type, e.event_name
"""


def run(
    context: Context[Warehouse],
    day: date | None,
    first: date | None,
    last: date | None,
    app: str | None,
    bots: str,
    limit: int | None,
) -> list[Row]:
    """Rows of `actions`. Raises UnknownValue, HiveUnavailable and HdfsUnavailable."""
    asked = span(context, day, first, last, app, bots)
    facts, values = asked.of_facts("e")
    visit = "visit_id_all" if asked.population == "all" else "visit_id"
    found = context.store.rows(_SELECT.format(facts=facts, visit=visit), asked.partitions, [asked.population, *values])
    answer = [
        {
            **asked.head(app_id),
            "event_type": event_type,
            "element": element,
            "page_type": page_type,
            "events": events,
            "visits": visits,
            "visitors": visitors,
            "event_name": event_name,
        }
        for app_id, event_type, element, page_type, event_name, events, visits, visitors in found
    ]
    return ordered(answer, "events", _KEY, limit)


QUESTION = Question(
    "actions",
    __doc__,
    columns=(*HEAD, "event_type", "element", "page_type", "events", "visits", "visitors", "event_name"),
    parameters=R,
    source=WAREHOUSE,
    run=run,
    when_empty="No such visitor did anything on these days.",
)

"""How fast pages felt on past days."""

from collections import defaultdict
from datetime import date
from typing import Any, Final

from footfall.metrics import web_vitals
from footfall.questions import parameters
from footfall.questions.model import Question, Row
from footfall.questions.sources import Context
from footfall.warehouse.questions._rows import ordered
from footfall.warehouse.questions._warehouse import HEAD, WAREHOUSE, R, Warehouse, span

_COLUMNS: Final = {"app": "app_id", "page": "page_path", "device": "device_type"}
_VIEWS: Final = "views"
_LIST: Final = ", ".join(f"'{field}', e.{field}" for field in web_vitals.FIELDS)


def _limit(which: int) -> str:
    """The limit of a row's vital: 0 of what is good, 1 of what is not poor."""
    cases = (f"WHEN '{field}' THEN {limits[which]}" for field, limits in web_vitals.LIMITS.items())
    return f"CASE field {' '.join(cases)} END"


# One row for each vital of each value: its percentile by nearest rank, how many values are good, how many are poor, and
# how many there are. A row of the field `views` counts the events.
_SELECT: Final = f"""
SELECT app_id, value, field, max(IF(place = (n * {web_vitals.PERCENT} + 99) div 100, measured, NULL)),
  sum(IF(measured <= {_limit(0)}, 1, 0)), sum(IF(measured > {_limit(1)}, 1, 0)), count(*)
FROM (
  SELECT app_id, value, field, measured,
    row_number() OVER (PARTITION BY app_id, value, field ORDER BY measured) AS place,
    count(*) OVER (PARTITION BY app_id, value, field) AS n
  FROM (
    SELECT e.app_id, e.{{column}} AS value, v.field, v.measured FROM fact_events e
    LATERAL VIEW stack({len(web_vitals.FIELDS) + 1}, '{_VIEWS}', 0, {_LIST}) v AS field, measured
    WHERE {{facts}} AND e.event_type = '{web_vitals.WEB_VITALS}'
  ) felt WHERE measured IS NOT NULL
) ranked
GROUP BY app_id, value, field
"""


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
    """Rows of `web-vitals`. Raises UnknownValue, HiveUnavailable and HdfsUnavailable."""
    asked = span(context, day, first, last, app, bots)
    facts, values = asked.of_facts("e")
    found: dict[tuple[str, str | None], dict[str, tuple[int | None, int, int, int]]] = defaultdict(dict)
    select = _SELECT.format(column=_COLUMNS[by], facts=facts)
    for app_id, value, field, *figures in context.store.rows(select, asked.partitions, values):
        found[app_id, value][field] = tuple(figures)
    unmeasured = (None, 0, 0, 0)
    answer: list[dict[str, Any]] = [
        {
            **asked.head(app_id),
            "dimension": by,
            "value": value,
            "views": vitals[_VIEWS][-1],
            **web_vitals.columns_of({field: vitals.get(field, unmeasured) for field in web_vitals.FIELDS}),
        }
        for (app_id, value), vitals in found.items()
    ]
    return ordered(answer, "views", ("app_id", "value"), limit)


QUESTION = Question(
    "web-vitals",
    __doc__,
    columns=(*HEAD, "dimension", "value", "views", *web_vitals.COLUMNS),
    parameters=(*R, parameters.by(*_COLUMNS)),
    source=WAREHOUSE,
    run=run,
    when_empty="No browser said on these days how fast a page felt.",
)

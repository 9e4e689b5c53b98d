"""Recommended lists of past days: their effect."""

from collections import defaultdict
from datetime import date
from typing import Any, Final

from footfall.metrics.experiments import effect, totals
from footfall.questions.model import Question, Row
from footfall.questions.sources import Context
from footfall.recommendations.arms import LIST_ID, POPULAR, RECOMMENDED
from footfall.warehouse.questions._rows import ratio
from footfall.warehouse.questions._warehouse import HEAD, WAREHOUSE, R, Warehouse, span

# How many visitors of an arm saw the list so often and clicked so often, and their conversions. Visitors are taken by
# what they were meant to see: the variant of the event is the arm, whatever list was found for them.
_SELECT: Final = """
SELECT shown.app_id, shown.variant, shown.impressions, shown.clicks, count(*), sum(coalesce(done.conversions, 0))
FROM (
  SELECT app_id, variant, anonymous_id,
    sum(CASE WHEN event_type = 'impression' THEN 1 ELSE 0 END) AS impressions,
    sum(CASE WHEN event_type = 'click' THEN 1 ELSE 0 END) AS clicks
  FROM fact_events
  WHERE {facts} AND list_id = %s AND variant IN (%s, %s) AND event_type IN ('impression', 'click')
    AND coalesce(consent, '') <> 'denied'
  GROUP BY app_id, variant, anonymous_id
) shown
LEFT JOIN (
  SELECT app_id, anonymous_id, sum(conversions) AS conversions
  FROM fact_visits WHERE population = %s AND conversions > 0 GROUP BY app_id, anonymous_id
) done ON shown.app_id = done.app_id AND shown.anonymous_id = done.anonymous_id
WHERE shown.impressions > 0
GROUP BY shown.app_id, shown.variant, shown.impressions, shown.clicks
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
    """Rows of `recommendation-effect`. Raises UnknownValue, HiveUnavailable and HdfsUnavailable."""
    asked = span(context, day, first, last, app, bots)
    facts, values = asked.of_facts()
    given = [*values, LIST_ID, RECOMMENDED, POPULAR, asked.population]
    arms: dict[tuple[str, str], dict[tuple[int, int], int]] = defaultdict(dict)
    conversions: dict[tuple[str, str], int] = defaultdict(int)
    for app_id, variant, impressions, clicks, visitors, converted in context.store.rows(
        _SELECT.format(facts=facts), asked.partitions, given
    ):
        arms[app_id, variant][impressions, clicks] = visitors
        conversions[app_id, variant] += converted
    answer = []
    for (app_id, variant), sums in arms.items():
        impressions, clicks = totals(sums)
        answer.append(
            {
                **asked.head(app_id),
                "variant": variant,
                "visitors": sum(sums.values()),
                "impressions": impressions,
                "clicks": clicks,
                "ctr_rate": ratio(clicks, impressions),
                "conversions": conversions[app_id, variant],
                **_effect(variant, sums, arms.get((app_id, POPULAR), {})),
            }
        )
    return sorted(answer, key=lambda row: (row["variant"], row["app_id"]))[:limit]


def _effect(variant: str, sums: dict[tuple[int, int], int], control: dict[tuple[int, int], int]) -> dict[str, Any]:
    """The columns that compare an arm with the control; the control is not compared with itself."""
    found = None if variant == POPULAR else effect(sums, control)
    names = ("ctr_lift", "lift_ci_low", "lift_ci_high", "p_value")
    return dict(zip(names, found or (None, None, None, None), strict=True))


QUESTION = Question(
    "recommendation-effect",
    __doc__,
    columns=(
        *HEAD,
        "variant",
        "visitors",
        "impressions",
        "clicks",
        "ctr_rate",
        "conversions",
        "ctr_lift",
        "lift_ci_low",
        "lift_ci_high",
        "p_value",
    ),
    parameters=R,
    source=WAREHOUSE,
    run=run,
    when_empty="No visitor saw a recommended list on these days. "
    "Visits that `./footfall history` makes have lists only with `--lists`.",
)

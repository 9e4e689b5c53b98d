"""How fast pages felt in recent minutes."""

from collections import defaultdict
from typing import Any

from footfall.events.times import MINUTE_MS
from footfall.metrics import web_vitals
from footfall.questions import parameters
from footfall.questions.model import Question
from footfall.questions.sources import Context
from footfall.realtime import aggregate_reader
from footfall.realtime.questions import HBASE, _apps
from footfall.realtime.store import HBaseStore


def run(context: Context[HBaseStore], app: str | None, by: str, minutes: int) -> list[dict[str, Any]]:
    """Rows of `live-web-vitals` for people: the current minute and those before it, `minutes` in total, as one.

    Raises HBaseUnavailable.
    """
    apps = _apps.apps(context, app)
    end = context.now_ms // MINUTE_MS + 1
    totals: dict[tuple[str, str], web_vitals.Vitals] = defaultdict(web_vitals.no_views)
    for key, merged, _ in aggregate_reader.figures(context.store, apps, by, end - minutes, end):
        if merged.vitals.views:
            totals[key.app_id, key.value].add(merged.vitals)
    found = [
        {
            "app_id": app_id,
            "dimension": by,
            "value": value or (app_id if by == "app" else None),
            "views": vitals.views,
            **web_vitals.columns_of(
                {
                    field: (web_vitals.p75(vital), vital.good, vital.poor, vital.count)
                    for field, vital in vitals.by_field.items()
                }
            ),
        }
        for (app_id, value), vitals in totals.items()
    ]
    return sorted(found, key=lambda row: (-row["views"], row["app_id"], row["value"] or ""))


QUESTION = Question(
    "live-web-vitals",
    __doc__,
    columns=("app_id", "dimension", "value", "views", *web_vitals.COLUMNS),
    parameters=(
        _apps.APP,
        parameters.by(*web_vitals.DIMENSIONS),
        parameters.minutes(default=60, most=1440),
    ),
    source=HBASE,
    run=run,
    when_empty="No browser has said in these minutes how fast a page felt. It does when the page is left or hidden.",
)

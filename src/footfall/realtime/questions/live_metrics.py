"""Recent minutes: views, visitors, errors, times."""

from typing import Any

from footfall.events.times import MINUTE_MS, format_rfc3339_ms
from footfall.metrics.errors import error_rate
from footfall.metrics.histogram import quantile_ms
from footfall.questions import parameters
from footfall.questions.model import Question
from footfall.questions.sources import Context
from footfall.realtime import aggregate_reader
from footfall.realtime.questions import HBASE, _apps
from footfall.realtime.store import HBaseStore


def run(context: Context[HBaseStore], app: str | None, by: str, minutes: int) -> list[dict[str, Any]]:
    """Rows of `live-metrics` for people: the current minute and those before it, `minutes` in total.

    Raises HBaseUnavailable.
    """
    apps = _apps.apps(context, app)
    end = context.now_ms // MINUTE_MS + 1
    counted_until_ms = aggregate_reader.all_counted_until_ms(context.store, context.settings.events_partitions)
    visitors = {
        key: aggregate_reader.distinct(people)
        for key, people, _ in aggregate_reader.visitors(context.store, apps, by, end - minutes, end)
    }
    found = []
    for key, merged, rejected in aggregate_reader.figures(context.store, apps, by, end - minutes, end):
        if not merged.events and not rejected:
            continue  # only bots were here
        over_ms = (key.minute + 1) * MINUTE_MS
        found.append(
            {
                "minute_at": format_rfc3339_ms(key.minute * MINUTE_MS),
                "app_id": key.app_id,
                "dimension": by,
                "value": key.value or (key.app_id if by == "app" else None),
                "events": merged.events,
                "page_views": merged.page_views,
                "visitors": visitors.get(key, 0),
                "errors": merged.errors,
                "error_rate": error_rate(merged.errors, merged.page_views + merged.error_events),
                **{f"p{p}_ms": quantile_ms(merged.responses, p) for p in (50, 95, 99)},
                "rejected": rejected,
                "is_complete": context.now_ms >= over_ms and counted_until_ms >= over_ms,
            }
        )
    found.sort(key=lambda row: (row["app_id"], row["value"] or ""))
    return sorted(found, key=lambda row: str(row["minute_at"]), reverse=True)


QUESTION = Question(
    "live-metrics",
    __doc__,
    columns=(
        "minute_at",
        "app_id",
        "dimension",
        "value",
        "events",
        "page_views",
        "visitors",
        "errors",
        "error_rate",
        "p50_ms",
        "p95_ms",
        "p99_ms",
        "rejected",
        "is_complete",
    ),
    parameters=(
        _apps.APP,
        parameters.by("app", "page", "section", "country", "device"),
        parameters.minutes(default=60, most=1440),
    ),
    source=HBASE,
    run=run,
    when_empty="No event happened in these minutes. "
    "`./footfall status` shows whether the sites and their visitors run.",
)

"""The last hour's errors by site, code, message, page."""

from collections import defaultdict
from typing import Any

from footfall.events.times import MINUTE_MS, format_rfc3339_ms
from footfall.metrics.activity import first_minute
from footfall.questions.model import Question
from footfall.questions.sources import Context
from footfall.realtime import aggregate_reader
from footfall.realtime.questions import HBASE, _apps
from footfall.realtime.store import HBaseStore

_LISTED_MINUTES = 60
_COUNTED_MINUTES = 5


def run(context: Context[HBaseStore], app: str | None) -> list[dict[str, Any]]:
    """Rows of `live-errors`. Raises HBaseUnavailable."""
    apps = _apps.apps(context, app)
    now = context.now_ms // MINUTE_MS
    # By site and error: two sites may fail with the same words on a page of the same path.
    counts: dict[tuple[str, str], int] = defaultdict(int)
    groups: dict[tuple[str, str], aggregate_reader.Merged] = {}
    visitors: dict[tuple[str, str], list[bytes]] = defaultdict(list)
    listed, counted = first_minute(now, _LISTED_MINUTES), first_minute(now, _COUNTED_MINUTES)
    for key, merged, _ in aggregate_reader.figures(context.store, apps, "error", listed, now + 1):
        if merged.errors == 0 or merged.first_ms is None or merged.last_ms is None:
            continue
        if key.minute >= counted:
            counts[key.app_id, key.value] += merged.errors
        group = groups.setdefault((key.app_id, key.value), aggregate_reader.Merged())
        if group.first_ms is None or merged.first_ms < group.first_ms:
            group.first_ms = merged.first_ms
        if group.last_ms is None or merged.last_ms >= group.last_ms:
            group.last_ms = merged.last_ms
            group.sample_request_id = merged.sample_request_id or group.sample_request_id
    for key, people, _ in aggregate_reader.visitors(context.store, apps, "error", counted, now + 1):
        visitors[key.app_id, key.value] += people
    found = []
    for (app_id, value), group in groups.items():
        code, message, path = value.split("\x1f", 2)
        found.append(
            {
                "error_code": code or None,
                "error_message": message or None,
                "page_path": path or None,
                "count_5m": counts[app_id, value],
                "visitors_5m": aggregate_reader.distinct(visitors[app_id, value]),
                "first_at": format_rfc3339_ms(group.first_ms or 0),
                "last_at": format_rfc3339_ms(group.last_ms or 0),
                "sample_request_id": group.sample_request_id,
                "app_id": app_id,
            }
        )
    dimensions = ("error_code", "error_message", "page_path", "app_id")
    return sorted(found, key=lambda row: (-int(str(row["count_5m"])), *(str(row[name] or "") for name in dimensions)))


QUESTION = Question(
    "live-errors",
    __doc__,
    columns=(
        "error_code",
        "error_message",
        "page_path",
        "count_5m",
        "visitors_5m",
        "first_at",
        "last_at",
        "sample_request_id",
        "app_id",
    ),
    parameters=(_apps.APP,),
    source=HBASE,
    run=run,
    when_empty="Nothing failed in the last hour.",
)

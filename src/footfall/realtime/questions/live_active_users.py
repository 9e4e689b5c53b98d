"""Visitors active in the last 1, 5 and 30 minutes."""

from collections import defaultdict
from typing import Any

from footfall.events.times import MINUTE_MS, format_rfc3339_ms
from footfall.metrics.activity import ACTIVE_MINUTES, first_minute
from footfall.questions import parameters
from footfall.questions.model import Question
from footfall.questions.sources import Context
from footfall.realtime import aggregate_reader
from footfall.realtime.questions import HBASE, _apps
from footfall.realtime.store import HBaseStore

_BOTS_MINUTES = 5


def run(context: Context[HBaseStore], app: str | None, by: str) -> list[dict[str, Any]]:
    """Rows of `live-active-users`; by app, several apps also have a row with their sum. Raises HBaseUnavailable."""
    apps = _apps.apps(context, app)
    now = context.now_ms // MINUTE_MS
    people: dict[tuple[str, str], dict[int, list[bytes]]] = defaultdict(lambda: defaultdict(list))
    bots: dict[tuple[str, str], list[bytes]] = defaultdict(list)
    for one in apps if by == "app" else ():
        # An app without visitors has a row as well.
        people[one, ""] = defaultdict(list)
    # The clock of another process may be slightly ahead, so the next minute is included.
    rows = aggregate_reader.visitors(context.store, apps, by, first_minute(now, max(ACTIVE_MINUTES)), now + 2)
    for key, human, robot in rows:
        for window in ACTIVE_MINUTES:
            if key.minute >= first_minute(now, window):
                people[key.app_id, key.value][window] += human
        if key.minute >= first_minute(now, _BOTS_MINUTES):
            bots[key.app_id, key.value] += robot
    counted_ms = aggregate_reader.all_counted_until_ms(context.store, context.settings.events_partitions)
    as_of = format_rfc3339_ms(min(counted_ms, context.now_ms))
    found: list[dict[str, Any]] = [
        {
            "as_of_at": as_of,
            "app_id": app_id,
            "dimension": by,
            "value": value or (app_id if by == "app" else None),
            **{f"active_{window}m": aggregate_reader.distinct(active[window]) for window in ACTIVE_MINUTES},
            "bots_5m": aggregate_reader.distinct(bots[app_id, value]),
        }
        for (app_id, value), active in people.items()
    ]
    if by == "app" and len(apps) > 1:
        # A visitor belongs to one app, so the total is the sum.
        counted = ("active_1m", "active_5m", "active_30m", "bots_5m")
        total = {name: sum(row[name] for row in found) for name in counted}
        found.append({"as_of_at": as_of, "app_id": "all", "dimension": by, "value": "all", **total})
    return sorted(found, key=lambda row: (-row["active_5m"], row["app_id"], row["value"] or ""))


QUESTION = Question(
    "live-active-users",
    __doc__,
    columns=("as_of_at", "app_id", "dimension", "value", "active_1m", "active_5m", "active_30m", "bots_5m"),
    parameters=(_apps.APP, parameters.by("app", "page", "country")),
    source=HBASE,
    run=run,
    when_empty="Nobody was active in the last half hour.",
)

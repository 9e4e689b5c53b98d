"""What the live page shows, made from the rows of the questions. Pure: rows in, small records out."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from footfall.events.times import parse_rfc3339_ms
from footfall.names import APP_IDS

Row = dict[str, Any]

ALL = "all"
_MINUTE_MS = 60_000


@dataclass(frozen=True)
class Site:
    """One line of the table of sites; `ALL` sums them up. None where a figure is not known or has no sum."""

    app_id: str
    active_1m: int
    active_5m: int
    active_30m: int
    bots_5m: int
    events_per_s: float | None
    error_rate: float | None
    p95_ms: int | None


@dataclass(frozen=True)
class Minute:
    """Events of all sites in one minute; `seconds` of it have passed."""

    minute_ms: int
    events: int
    seconds: float
    is_complete: bool

    @property
    def per_second(self) -> float:
        # The first second of a minute cannot be divided by: a single event would tower over the hour.
        return self.events / max(1.0, self.seconds)


@dataclass(frozen=True)
class Ranked:
    """One line of a list of pages or sections."""

    app_id: str
    value: str
    page_views: int
    errors: int
    share: float  # of the largest in the list, for its bar


def as_of_ms(active: list[Row]) -> int | None:
    """Until when everything is counted: the oldest of the rows' `as_of_at`, epoch ms; None if counting never caught up.

    1970 is how a question says never: a partition whose end was not reached yet.
    """
    return min((parse_rfc3339_ms(row["as_of_at"]) for row in active), default=0) or None


def events_per_second(metrics: list[Row], at_ms: int) -> dict[str, float]:
    """Events per second of each app and of `ALL`, over the minute of `at_ms` so far and the full one before.

    metrics: rows of `live-metrics` by app
    at_ms: until when they are counted, epoch ms. Two minutes, not one: the first seconds of a minute say nothing, and
        the span divided by is the true one.
    """
    first_ms = (at_ms // _MINUTE_MS - 1) * _MINUTE_MS
    span_s = (at_ms - first_ms) / 1000
    events: dict[str, int] = dict.fromkeys((ALL, *APP_IDS), 0)
    for row in _by_app(metrics):
        if first_ms <= parse_rfc3339_ms(row["minute_at"]) <= at_ms:
            events[row["app_id"]] += row["events"]
            events[ALL] += row["events"]
    return {app: count / span_s for app, count in events.items()}


def sites(active: list[Row], metrics: list[Row], at_ms: int) -> list[Site]:
    """The table of sites: all first, then each in its fixed order, so that no line jumps.

    active, metrics: rows of `live-active-users` and `live-metrics` by app; at_ms as in `events_per_second`.
    Error rate and p95 are those of the last complete minute: neither can be summed over minutes or sites.
    """
    rates = events_per_second(metrics, at_ms) if metrics else {}
    newest: dict[str, Row] = {}
    for row in _by_app(metrics):
        held = newest.get(row["app_id"])
        # RFC 3339 in UTC with a fixed number of digits sorts as text.
        if row["is_complete"] and (held is None or row["minute_at"] > held["minute_at"]):
            newest[row["app_id"]] = row
    counts = {row["app_id"]: row for row in active}
    table = []
    for app in (ALL, *APP_IDS):
        row, last = counts.get(app, {}), newest.get(app, {})
        table.append(
            Site(
                app_id=app,
                active_1m=row.get("active_1m", 0),
                active_5m=row.get("active_5m", 0),
                active_30m=row.get("active_30m", 0),
                bots_5m=row.get("bots_5m", 0),
                events_per_s=rates.get(app),
                error_rate=last.get("error_rate"),
                p95_ms=last.get("p95_ms"),
            )
        )
    return table


def minutes(metrics: list[Row], at_ms: int, count: int = 60) -> list[Minute]:
    """The events of the last `count` minutes of all sites, oldest first, the current one last, gaps as zero."""
    last = at_ms // _MINUTE_MS
    events: dict[int, int] = defaultdict(int)
    for row in _by_app(metrics):
        events[parse_rfc3339_ms(row["minute_at"]) // _MINUTE_MS] += row["events"]
    past = [Minute(m * _MINUTE_MS, events[m], 60.0, True) for m in range(last - count + 1, last)]
    return [*past, Minute(last * _MINUTE_MS, events[last], at_ms % _MINUTE_MS / 1000, False)]


def ranked(metrics: list[Row], limit: int = 10) -> list[Ranked]:
    """Pages or sections with the most page views over all the minutes given, names breaking ties.

    metrics: rows of `live-metrics` by page or section
    """
    views: dict[tuple[str, str], int] = defaultdict(int)
    errors: dict[tuple[str, str], int] = defaultdict(int)
    for row in _by_app(metrics):
        if row["value"] is not None:
            key = row["app_id"], row["value"]
            views[key] += row["page_views"]
            errors[key] += row["errors"]
    best = sorted(((v, key) for key, v in views.items() if v or errors[key]), key=lambda item: (-item[0], item[1]))
    largest = max((v for v, _ in best), default=0)
    return [Ranked(*key, v, errors[key], v / largest if largest else 0.0) for v, key in best[:limit]]


def _by_app(metrics: list[Row]) -> Iterable[Row]:
    """Rows of single apps: a question may also sum them up, and a sum must not be counted again."""
    return (row for row in metrics if row["app_id"] in APP_IDS)

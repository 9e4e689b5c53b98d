"""What the live page shows, made from the rows of the questions. Pure: rows in, small records out."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

from footfall.events.times import parse_rfc3339_ms
from footfall.metrics.errors import error_rate
from footfall.names import ALL_APPS
from footfall.questions.model import Row

ALL = ALL_APPS
_MINUTE_MS = 60_000
_RANKED_MINUTES = 5
_TELLING = 10


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
    """What happened on some sites in one minute, of which `seconds` have passed.

    error_rate, p95_ms: None where nothing was tried or answered; p95_ms is the slowest site's: percentiles have
    no sum.
    """

    minute_ms: int
    events: int
    visitors: int
    error_rate: float | None
    p95_ms: int | None
    seconds: float
    is_complete: bool

    @property
    def per_second(self) -> float:
        # The first second of a minute cannot be divided by: a single event would tower over the hour.
        return self.events / max(1.0, self.seconds)


class Usual(NamedTuple):
    """Between what a figure's minutes of the last hour lie, but for the twentieth at either end."""

    low: float
    high: float

    def is_far(self, value: float) -> bool:
        """Whether a value lies as far outside as the range is wide, a fifth of its end at least."""
        width = max(self.high - self.low, self.high / 5)
        return value > self.high + width or value < self.low - width


@dataclass(frozen=True)
class Ranked:
    """One line of a list of pages or sections."""

    app_id: str
    value: str
    page_views: int
    errors: int
    share: float  # of the largest in the list, for its bar
    change: float | None  # of the rate of views against the five minutes before; None if it may well be chance


@dataclass(frozen=True)
class MapPoint:
    """Where people are who were active in the last five minutes."""

    country: str
    people: int
    share: float  # of the largest in the list, for its bar


@dataclass(frozen=True)
class City:
    """From where pages were viewed in the last five minutes; degrees north and east, None if unknown."""

    country: str | None
    city: str
    latitude: float | None
    longitude: float | None
    page_views: int
    share: float  # of the largest in the list, for its bar


@dataclass(frozen=True)
class VisitPage:
    """One line of a list of pages on which visits begin or end."""

    app_id: str
    page_path: str
    visits: int
    share: float  # of the largest in the list, for its bar


def of_site(rows: list[Row], app: str | None) -> list[Row]:
    """The rows of a site; all if it is None."""
    return [row for row in rows if app in (None, row["app_id"])]


def as_of_ms(active: list[Row]) -> int | None:
    """Until when everything is counted: the oldest of the rows' `as_of_at`, epoch ms; None if counting never caught up.

    1970 is how a question says never: a partition whose end was not reached yet.
    """
    return min((parse_rfc3339_ms(row["as_of_at"]) for row in active), default=0) or None


def app_ids(registered: Sequence[str], *rows: Iterable[Row]) -> list[str]:
    """The registered sites in their order, then by name those that only rows know of: new ones, and removed ones."""
    found = {row["app_id"] for some in rows for row in _by_app(some)}
    return list(dict.fromkeys((*registered, *sorted(found))))


def events_per_second(metrics: list[Row], at_ms: int, registered: Sequence[str]) -> dict[str, float]:
    """Events per second of each app and of `ALL`, over the minute of `at_ms` so far and the full one before.

    metrics: rows of `live-metrics` by app
    at_ms: until when they are counted, epoch ms. Two minutes, not one: the first seconds of a minute say nothing, and
        the span divided by is the true one.
    """
    first_ms = (at_ms // _MINUTE_MS - 1) * _MINUTE_MS
    span_s = (at_ms - first_ms) / 1000
    events: dict[str, int] = dict.fromkeys((ALL, *app_ids(registered, metrics)), 0)
    for row in _by_app(metrics):
        if first_ms <= parse_rfc3339_ms(row["minute_at"]) <= at_ms:
            events[row["app_id"]] += row["events"]
            events[ALL] += row["events"]
    return {app: count / span_s for app, count in events.items()}


def sites(active: list[Row], metrics: list[Row], at_ms: int, registered: Sequence[str]) -> list[Site]:
    """The table of sites: all first, then each in its fixed order (`app_ids`), so that no line jumps.

    active, metrics: rows of `live-active-users` and `live-metrics` by app; at_ms as in `events_per_second`.
    Error rate and p95 are those of the last complete minute: neither can be summed over minutes or sites.
    """
    rates = events_per_second(metrics, at_ms, registered) if metrics else {}
    newest: dict[str, Row] = {}
    for row in _by_app(metrics):
        held = newest.get(row["app_id"])
        # RFC 3339 in UTC with a fixed number of digits sorts as text.
        if row["is_complete"] and (held is None or row["minute_at"] > held["minute_at"]):
            newest[row["app_id"]] = row
    counts = {row["app_id"]: row for row in active}
    table = []
    for app in (ALL, *app_ids(registered, active, metrics)):
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
    """The last `count` minutes of all sites in the rows, oldest first, the current one last, gaps as zero."""
    last = at_ms // _MINUTE_MS
    rows: dict[int, list[Row]] = defaultdict(list)
    for row in _by_app(metrics):
        rows[parse_rfc3339_ms(row["minute_at"]) // _MINUTE_MS].append(row)
    past = [_minute(minute, rows[minute], 60.0, True) for minute in range(last - count + 1, last)]
    return [*past, _minute(last, rows[last], at_ms % _MINUTE_MS / 1000, False)]


def _minute(minute: int, rows: list[Row], seconds: float, is_complete: bool) -> Minute:
    errors = sum(row["errors"] for row in rows)
    # A row tells no number of tries. Where nothing failed, those are its page views.
    tried = sum(round(row["errors"] / row["error_rate"]) if row["error_rate"] else row["page_views"] for row in rows)
    slowest = max((row["p95_ms"] for row in rows if row["p95_ms"] is not None), default=None)
    return Minute(
        minute * _MINUTE_MS,
        sum(row["events"] for row in rows),
        sum(row["visitors"] for row in rows),
        error_rate(errors, tried),
        slowest,
        seconds,
        is_complete,
    )


def usual(values: Iterable[float | None]) -> Usual | None:
    """The range of a figure, of its values minute by minute; None if fewer than ten are known."""
    known = sorted(value for value in values if value is not None)
    if len(known) < _TELLING:
        return None
    twentieth = len(known) // 20
    return Usual(known[twentieth], known[-1 - twentieth])


def ranked(metrics: list[Row], at_ms: int, limit: int = 10) -> list[Ranked]:
    """Pages or sections with the most page views over the last five minutes of the rows, names breaking ties.

    metrics: rows of `live-metrics` by page or section, of ten minutes. at_ms: until when they are counted, epoch ms.
    """
    views: dict[tuple[str, str], int] = defaultdict(int)
    before: dict[tuple[str, str], int] = defaultdict(int)
    errors: dict[tuple[str, str], int] = defaultdict(int)
    first_ms = (at_ms // _MINUTE_MS - _RANKED_MINUTES + 1) * _MINUTE_MS
    for row in _by_app(metrics):
        if row["value"] is None:
            continue
        key = row["app_id"], row["value"]
        if parse_rfc3339_ms(row["minute_at"]) < first_ms:
            before[key] += row["page_views"]
            continue
        views[key] += row["page_views"]
        errors[key] += row["errors"]
    oldest_ms = min((parse_rfc3339_ms(row["minute_at"]) for row in metrics), default=at_ms)
    # Where the five minutes before are not known whole there is nothing to compare with.
    is_known = oldest_ms <= first_ms - _RANKED_MINUTES * _MINUTE_MS
    span_share = (at_ms - first_ms) / (_RANKED_MINUTES * _MINUTE_MS) if is_known else 0.0
    best = sorted(((v, key) for key, v in views.items() if v or errors[key]), key=lambda item: (-item[0], item[1]))
    largest = max((v for v, _ in best), default=0)
    return [
        Ranked(*key, v, errors[key], v / largest if largest else 0.0, _change(v, before[key] * span_share))
        for v, key in best[:limit]
    ]


def _change(views: int, expected: float) -> float | None:
    # Counts scatter by their square root; twice of that is no chance any more.
    if expected < 1 or abs(views - expected) <= 2 * sqrt(expected + 1):
        return None
    return views / expected - 1


def places(active: list[Row]) -> list[MapPoint]:
    """The countries where people are, those with the most first, names breaking ties; without who is nowhere known.

    active: rows of `live-active-users` by country
    """
    people: dict[str, int] = defaultdict(int)
    for row in _by_app(active):
        if row["value"] and row["active_5m"]:
            people[row["value"]] += row["active_5m"]
    best = sorted(people.items(), key=lambda item: (-item[1], item[0]))
    return [MapPoint(country, count, count / best[0][1]) for country, count in best]


def city_views(rows: list[Row]) -> list[City]:
    """The cities from which pages were viewed, those with the most views first, names breaking ties.

    rows: of `live-cities`
    """
    views: dict[tuple[str | None, str, float | None, float | None], int] = defaultdict(int)
    for row in _by_app(rows):
        if row["page_views_5m"]:
            views[row["country"], row["city"], row["latitude"], row["longitude"]] += row["page_views_5m"]
    best = sorted(views.items(), key=lambda item: (-item[1], item[0][1], item[0][0] or ""))
    return [City(*place, count, count / best[0][1]) for place, count in best]


def visit_pages(rows: list[Row], counted: str, limit: int = 8) -> list[VisitPage]:
    """The pages on which the most visits begin or end, names breaking ties.

    rows: of `live-visits`; counted: which of its columns, `entries_30m` or `exits_30m`
    """
    pages = [row for row in _by_app(rows) if row[counted]]
    best = sorted(pages, key=lambda row: (-row[counted], row["app_id"], row["page_path"]))[:limit]
    return [VisitPage(row["app_id"], row["page_path"], row[counted], row[counted] / best[0][counted]) for row in best]


def _by_app(metrics: Iterable[Row]) -> Iterable[Row]:
    """Rows of single apps: a question may also sum them up, and a sum must not be counted again."""
    return (row for row in metrics if row["app_id"] != ALL)

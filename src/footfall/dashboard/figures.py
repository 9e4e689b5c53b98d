"""The arithmetic of the pages. Pure: rows of questions in, small records out."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

from footfall.events.times import MINUTE_MS, parse_rfc3339_ms
from footfall.metrics.errors import error_rate
from footfall.names import ALL_APPS
from footfall.questions.model import Row

ALL = ALL_APPS
_RANKED_MINUTES = 5
_MINUTES_FOR_USUAL = 10


@dataclass(frozen=True)
class Site:
    """One line of the table of sites; the line `ALL` is about all of them. A figure that is unknown is None.

    p95_ms: of `ALL`, that of the slowest site
    """

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
    """The figures of one or more sites in one minute, of which `seconds` have passed.

    error_rate, p95_ms: None if there was no request. p95_ms is that of the slowest site, since percentiles cannot be
    summed.
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
        # At the start of a minute, dividing by less than a second would let a single event dwarf the hour.
        return self.events / max(1.0, self.seconds)


class Usual(NamedTuple):
    """The usual range of a figure: its minutes of the last hour, without the lowest and the highest twentieth."""

    low: float
    high: float

    def is_far(self, value: float) -> bool:
        """Whether a value lies outside by more than the width of the range, or a fifth of `high` if that is more."""
        width = max(self.high - self.low, self.high / 5)
        return value > self.high + width or value < self.low - width


@dataclass(frozen=True)
class Ranked:
    """One line of a list of pages or sections."""

    app_id: str
    value: str
    page_views: int
    errors: int
    share: float  # relative to the largest in the list, for its bar
    change: float | None  # of the view rate, relative to the five minutes before; None if it may be chance


@dataclass(frozen=True)
class MapPoint:
    """A country and the number of people active there in the last five minutes."""

    country: str
    people: int
    share: float  # relative to the largest in the list, for its bar


@dataclass(frozen=True)
class City:
    """A city and its page views in the last five minutes; degrees north and east, None if unknown."""

    country: str | None
    city: str
    latitude: float | None
    longitude: float | None
    page_views: int
    share: float  # relative to the largest in the list, for its bar


@dataclass(frozen=True)
class VisitPage:
    """One line of a list of pages on which visits begin or end."""

    app_id: str
    page_path: str
    visits: int
    share: float  # relative to the largest in the list, for its bar


def of_site(rows: list[Row], app: str | None) -> list[Row]:
    """The rows of a site; all rows if it is None."""
    return [row for row in rows if app in (None, row["app_id"])]


def as_of_ms(active: list[Row]) -> int | None:
    """The time up to which everything is counted: the oldest `as_of_at`, epoch ms; None if counting never caught up.

    A question answers 1970 for never: counting has not reached the end of some partition yet.
    """
    return min((parse_rfc3339_ms(row["as_of_at"]) for row in active), default=0) or None


def app_ids(registered: Sequence[str], *rows: Iterable[Row]) -> list[str]:
    """The registered sites in their order, then, by name, sites that only occur in rows: new and removed ones."""
    in_rows = {row["app_id"] for some in rows for row in _by_app(some)}
    return list(dict.fromkeys((*registered, *sorted(in_rows))))


def events_per_second(metrics: list[Row], at_ms: int, registered: Sequence[str]) -> dict[str, float]:
    """Events per second of each app and of `ALL`, over the running minute and the full minute before it.

    A rate over the running minute alone would mean little in its first seconds.
    metrics: rows of `live-metrics` by app. at_ms: the time up to which they are counted, epoch ms.
    """
    first_ms = (at_ms // MINUTE_MS - 1) * MINUTE_MS
    span_s = (at_ms - first_ms) / 1000
    events: dict[str, int] = dict.fromkeys((ALL, *app_ids(registered, metrics)), 0)
    for row in _by_app(metrics):
        if first_ms <= parse_rfc3339_ms(row["minute_at"]) <= at_ms:
            events[row["app_id"]] += row["events"]
            events[ALL] += row["events"]
    return {app: count / span_s for app, count in events.items()}


def sites(active: list[Row], metrics: list[Row], at_ms: int, registered: Sequence[str]) -> list[Site]:
    """The table of sites: the sum first, then each site in the fixed order of `app_ids`, so that no line jumps.

    active, metrics: rows of `live-active-users` and `live-metrics` by app; at_ms as in `events_per_second`.
    Error rate and p95 are those of the last complete minute, for neither can be summed over minutes. It is the same
    minute for all sites, so one without a request in it has neither.
    """
    rates = events_per_second(metrics, at_ms, registered) if metrics else {}
    newest: dict[str, Row] = {}
    counts = {row["app_id"]: row for row in active}
    if (together := last_full(minutes(metrics, at_ms))) is not None:
        newest = {
            row["app_id"]: row
            for row in _by_app(metrics)
            if parse_rfc3339_ms(row["minute_at"]) == together.minute_ms and row["is_complete"]
        }
        newest[ALL] = {"error_rate": together.error_rate, "p95_ms": together.p95_ms}
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
    """The last `count` minutes over all sites in the rows, oldest first. The current minute is last; gaps are zero."""
    last = at_ms // MINUTE_MS
    rows: dict[int, list[Row]] = defaultdict(list)
    for row in _by_app(metrics):
        rows[parse_rfc3339_ms(row["minute_at"]) // MINUTE_MS].append(row)
    past = [_minute(minute, rows[minute], 60.0, True) for minute in range(last - count + 1, last)]
    return [*past, _minute(last, rows[last], at_ms % MINUTE_MS / 1000, False)]


def last_full(hour: Sequence[Minute]) -> Minute | None:
    """The last complete minute with events of an ascending series; None if there is none."""
    return next((minute for minute in reversed(hour) if minute.is_complete and minute.events), None)


def _minute(minute: int, rows: list[Row], seconds: float, is_complete: bool) -> Minute:
    errors = sum(row["errors"] for row in rows)
    # A row does not contain the number of attempts. Without errors, it equals the page views.
    attempts = sum(round(row["errors"] / row["error_rate"]) if row["error_rate"] else row["page_views"] for row in rows)
    slowest = max((row["p95_ms"] for row in rows if row["p95_ms"] is not None), default=None)
    return Minute(
        minute * MINUTE_MS,
        sum(row["events"] for row in rows),
        sum(row["visitors"] for row in rows),
        error_rate(errors, attempts),
        slowest,
        seconds,
        is_complete,
    )


def usual(values: Iterable[float | None]) -> Usual | None:
    """The usual range of a figure from its values by minute; None if fewer than ten are known."""
    known = sorted(value for value in values if value is not None)
    if len(known) < _MINUTES_FOR_USUAL:
        return None
    twentieth = len(known) // 20
    return Usual(known[twentieth], known[-1 - twentieth])


def ranked(metrics: list[Row], at_ms: int, limit: int = 10) -> list[Ranked]:
    """Pages or sections with the most page views over the last five minutes; ties are ordered by name.

    metrics: ten minutes of `live-metrics` by page or section. at_ms: the time up to which they are counted, epoch ms.
    """
    views: dict[tuple[str, str], int] = defaultdict(int)
    before: dict[tuple[str, str], int] = defaultdict(int)
    errors: dict[tuple[str, str], int] = defaultdict(int)
    first_ms = (at_ms // MINUTE_MS - _RANKED_MINUTES + 1) * MINUTE_MS
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
    # Without the whole of the five minutes before, there is nothing to compare with.
    is_known = oldest_ms <= first_ms - _RANKED_MINUTES * MINUTE_MS
    span_share = (at_ms - first_ms) / (_RANKED_MINUTES * MINUTE_MS) if is_known else 0.0
    best = sorted(((v, key) for key, v in views.items() if v or errors[key]), key=lambda item: (-item[0], item[1]))
    largest = max((v for v, _ in best), default=0)
    return [
        Ranked(*key, v, errors[key], v / largest if largest else 0.0, _change(v, before[key] * span_share))
        for v, key in best[:limit]
    ]


def _change(views: int, expected: float) -> float | None:
    # The standard deviation of a count is about its square root. A difference of two of them is hardly chance.
    if expected < 1 or abs(views - expected) <= 2 * sqrt(expected + 1):
        return None
    return views / expected - 1


def places(active: list[Row]) -> list[MapPoint]:
    """The countries where people are, most people first; ties are ordered by name. Unknown countries are left out.

    active: rows of `live-active-users` by country
    """
    people: dict[str, int] = defaultdict(int)
    for row in _by_app(active):
        if row["value"] and row["active_5m"]:
            people[row["value"]] += row["active_5m"]
    best = sorted(people.items(), key=lambda item: (-item[1], item[0]))
    return [MapPoint(country, count, count / best[0][1]) for country, count in best]


def city_views(rows: list[Row]) -> list[City]:
    """The cities from which pages were viewed, most views first; ties are ordered by name.

    rows: rows of `live-cities`
    """
    views: dict[tuple[str | None, str, float | None, float | None], int] = defaultdict(int)
    for row in _by_app(rows):
        if row["page_views_5m"]:
            views[row["country"], row["city"], row["latitude"], row["longitude"]] += row["page_views_5m"]
    best = sorted(views.items(), key=lambda item: (-item[1], item[0][1], item[0][0] or ""))
    return [City(*place, count, count / best[0][1]) for place, count in best]


def visit_pages(rows: list[Row], column: str, limit: int = 8) -> list[VisitPage]:
    """The pages on which the most visits begin or end; ties are ordered by name.

    rows: rows of `live-visits`. column: `entries_30m` or `exits_30m`
    """
    pages = [row for row in _by_app(rows) if row[column]]
    best = sorted(pages, key=lambda row: (-row[column], row["app_id"], row["page_path"]))[:limit]
    return [VisitPage(row["app_id"], row["page_path"], row[column], row[column] / best[0][column]) for row in best]


def _by_app(metrics: Iterable[Row]) -> Iterable[Row]:
    """The rows of single apps, without the sums over all apps that a question may add."""
    return (row for row in metrics if row["app_id"] != ALL)

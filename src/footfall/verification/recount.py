"""The naive recount of one partition's log: the figures that every live row must hold, computed event by event."""

import sys
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from footfall.events.times import parse_rfc3339_ms

# So many values of a dimension have rows of their own, in a minute of a site. All others share one row.
MOST_VALUES = 1_000
_OTHERS = {"page": "(other)", "section": "(other)", "error": "(other)\x1f\x1f"}


class AggregateKey(NamedTuple):
    """The key of one live row: site, dimension, minute and value."""

    app_id: str
    dimension: str  # app, page, section, country, device, error
    minute: int  # minutes since 1970-01-01T00:00Z
    value: str  # '' for the app itself, and for an unknown value


# The last good value and the last that is not poor: https://web.dev/articles/vitals.
_VITALS = {"lcp_ms": (2500, 4000), "inp_ms": (200, 500), "cls_milli": (100, 250), "ttfb_ms": (800, 1800)}


@dataclass(slots=True)
class Vital:
    """The values of one web vital. histogram: bucket → values; good, poor: how many of them are."""

    histogram: dict[int, int] = field(default_factory=dict)
    good: int = 0
    poor: int = 0


@dataclass(slots=True)
class Figures:
    """The figures of one row for one population (people or bots).

    errors: failed page views and error events; error_events: error events alone
    first_error_ms, last_error_ms: the smallest and the largest event_time among errors, ms since 1970
    cities: page views by name, latitude, longitude
    entries, exits: visits whose first or last page view belongs to the row; only rows of pages have them, for people
    vitals: by the event's fields; vital_views: the events that have them
    """

    events: int = 0
    page_views: int = 0
    errors: int = 0
    error_events: int = 0
    not_found: int = 0
    first_error_ms: int | None = None
    last_error_ms: int | None = None
    responses: dict[int, int] = field(default_factory=dict)  # histogram bucket → page views
    visitors: set[tuple[str, str]] = field(default_factory=set)  # (app_id, anonymous_id)
    cities: dict[tuple[str, float | None, float | None], int] = field(default_factory=dict)
    entries: int = 0
    exits: int = 0
    vital_views: int = 0
    vitals: dict[str, Vital] = field(default_factory=lambda: {name: Vital() for name in _VITALS})


class Recounted(NamedTuple):
    """The recount of a row, for people and for bots."""

    people: Figures
    bots: Figures


def _bounds() -> list[int]:
    steps = {0, 600_000}
    k = 0
    while round(1.02**k) < 600_000:
        steps.add(round(1.02**k))
        k += 1
    return sorted(steps)


_BOUNDS = _bounds()


def rows_of(event: dict[str, Any], event_time_ms: int) -> Iterator[AggregateKey]:
    """The rows that one stored event belongs to."""
    app, minute = event["app_id"], event_time_ms // 60_000
    yield AggregateKey(app, "app", minute, "")
    yield AggregateKey(app, "country", minute, event.get("country") or "")
    yield AggregateKey(app, "device", minute, event.get("device_type") or "")
    if event.get("page_path") is not None:
        yield AggregateKey(app, "page", minute, event["page_path"])
        yield AggregateKey(app, "section", minute, event.get("page_section") or "")
    if _is_failure(event):
        yield AggregateKey(app, "error", minute, error_value(event))


class Values:
    """The values that have rows of their own in one partition: the first ones of each minute, in the log's order."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, int], set[str]] = defaultdict(set)

    def admit(self, row: AggregateKey) -> AggregateKey:
        """The row that counts an event of this row's value; the value gets the next free row."""
        if row.dimension in _OTHERS:
            known = self._known[row[:3]]
            if len(known) < MOST_VALUES:
                known.add(sys.intern(row.value))
        return self.row(row)

    def row(self, row: AggregateKey) -> AggregateKey:
        """The row that counts this row's value, which was admitted before."""
        if row.dimension not in _OTHERS or row.value in self._known[row[:3]]:
            return row
        return row._replace(value=_OTHERS[row.dimension])


def error_value(event: dict[str, Any]) -> str:
    """The identity of an error group: code, message and page."""
    status = event.get("http_status")
    code = event.get("error_code") or (str(status) if status else "")
    return "\x1f".join((code, event.get("error_message") or "", event.get("page_path") or ""))


def add(figures: Recounted, event: dict[str, Any]) -> None:
    """Counts one event, the first record of its identity, into a row."""
    add_counts(figures, event)
    add_visitor(figures, event)


def add_visitor(figures: Recounted, event: dict[str, Any]) -> None:
    """The half of `add` that counts visitors."""
    _population(figures, event).visitors.add((event["app_id"], event["anonymous_id"]))


def add_counts(figures: Recounted, event: dict[str, Any]) -> None:
    """The half of `add` that counts events."""
    one = _population(figures, event)
    one.events += 1
    if event["event_type"] == "page_view":
        one.page_views += 1
        if event.get("http_status") == 404:
            one.not_found += 1
        if (response := event.get("response_ms")) is not None:
            bucket = bisect_left(_BOUNDS, response)
            one.responses[bucket] = one.responses.get(bucket, 0) + 1
        if event.get("city") is not None:
            city = event["city"], event.get("latitude"), event.get("longitude")
            one.cities[city] = one.cities.get(city, 0) + 1
    if event["event_type"] == "web_vitals":
        one.vital_views += 1
        for name, (good, poor) in _VITALS.items():
            if (value := event.get(name)) is not None:
                vital, bucket = one.vitals[name], min(bisect_left(_BOUNDS, value), len(_BOUNDS) - 1)
                vital.histogram[bucket] = vital.histogram.get(bucket, 0) + 1
                vital.good += value <= good
                vital.poor += value > poor
    if _is_failure(event):
        one.errors += 1
        one.error_events += event["event_type"] == "error"
        happened = parse_rfc3339_ms(event["event_time"])
        one.first_error_ms = min(one.first_error_ms or happened, happened)
        one.last_error_ms = max(one.last_error_ms or happened, happened)


class _Visit:
    """The newest visit of a session: its site, its times, and its page views in any order, each with its page's row."""

    def __init__(self, app_id: str, ms: int) -> None:
        self.app_id, self.from_ms, self.to_ms = app_id, ms, ms
        self.views: list[tuple[int, str, AggregateKey]] = []

    def ends(self) -> tuple[AggregateKey | None, AggregateKey | None]:
        """The rows of its first and its last page view."""
        if not self.views:
            return None, None
        # Page views between these two cannot become the first or the last any more.
        self.views = [min(self.views), max(self.views)]
        return self.views[0][2], self.views[1][2]


class Visits:
    """The first and last pages of people's visits. Each event may change the entries and exits of some rows."""

    def __init__(self) -> None:
        self._newest: dict[str, _Visit] = {}

    def __contains__(self, session_id: str) -> bool:
        return session_id in self._newest

    def add(self, event: dict[str, Any], event_time_ms: int) -> list[tuple[AggregateKey, int, int]]:
        """Adds the first event of an identity, in order of offset. Returns rows with additional entries and exits."""
        if event["is_bot"]:
            return []
        app, session, ms = event["app_id"], event["session_id"], event_time_ms
        visit = self._newest.get(session)
        if visit is None or app != visit.app_id or (ms > visit.to_ms and not _together(visit.to_ms, ms)):
            visit = self._newest[session] = _Visit(app, ms)
        elif ms < visit.from_ms and not _together(ms, visit.from_ms):
            return []  # belongs to a visit that has ended
        first, last = visit.ends()
        visit.from_ms, visit.to_ms = min(ms, visit.from_ms), max(ms, visit.to_ms)
        if event["event_type"] == "page_view" and event.get("page_path") is not None:
            page = AggregateKey(app, "page", ms // 60_000, event["page_path"])
            visit.views.append((event["seq"], event["event_id"], page))
        new_first, new_last = visit.ends()
        changes = [(first, -1, 0), (new_first, 1, 0)] if first != new_first else []
        changes += [(last, 0, -1), (new_last, 0, 1)] if last != new_last else []
        return [(row, entries, exits) for row, entries, exits in changes if row is not None]


def _together(earlier_ms: int, later_ms: int) -> bool:
    """Whether two consecutive events belong to one visit."""
    return later_ms - earlier_ms <= 1_800_000 and later_ms // 86_400_000 == earlier_ms // 86_400_000


def _population(figures: Recounted, event: dict[str, Any]) -> Figures:
    return figures.bots if event["is_bot"] else figures.people


def _is_failure(event: dict[str, Any]) -> bool:
    if event["event_type"] == "error":
        return True
    return bool(event["event_type"] == "page_view" and (event.get("http_status") or 0) >= 500)


def new_figures() -> Recounted:
    """An empty row."""
    return Recounted(Figures(), Figures())

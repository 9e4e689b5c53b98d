"""The naive recount of one partition's log: what every live row must say, computed event by event."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from footfall.events.times import parse_rfc3339_ms


class Row(NamedTuple):
    """The key of one live row: what is counted, where, and in which minute."""

    app_id: str
    dimension: str  # app, page, section, country, device, error
    minute: int  # minutes since 1970-01-01T00:00Z
    value: str  # '' for the app itself, and for what is unknown


@dataclass(slots=True)
class Figures:
    """What one row counts for one population (people or bots).

    errors: failed page views and error events; error_events: those alone; first_error_ms, last_error_ms: the smallest
    and the largest event_time among errors, ms since 1970.
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


class Recounted(NamedTuple):
    """A row's recount for people and for bots."""

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


def rows_of(event: dict[str, Any], event_time_ms: int) -> Iterator[Row]:
    """The rows that one stored event belongs to."""
    app, minute = event["app_id"], event_time_ms // 60_000
    yield Row(app, "app", minute, "")
    yield Row(app, "country", minute, event.get("country") or "")
    yield Row(app, "device", minute, event.get("device_type") or "")
    if event.get("page_path") is not None:
        yield Row(app, "page", minute, event["page_path"])
        yield Row(app, "section", minute, event.get("page_section") or "")
    if _is_failure(event):
        yield Row(app, "error", minute, error_value(event))


def error_value(event: dict[str, Any]) -> str:
    """The identity of an error group: code, message and page."""
    status = event.get("http_status")
    code = event.get("error_code") or (str(status) if status else "")
    return "\x1f".join((code, event.get("error_message") or "", event.get("page_path") or ""))


def add(figures: Recounted, event: dict[str, Any]) -> None:
    """Counts one event, which is the first of its identity, into a row."""
    add_counts(figures, event)
    add_visitor(figures, event)


def add_visitor(figures: Recounted, event: dict[str, Any]) -> None:
    """The half of `add` that is about who was there."""
    _population(figures, event).visitors.add((event["app_id"], event["anonymous_id"]))


def add_counts(figures: Recounted, event: dict[str, Any]) -> None:
    """The half of `add` that is about what happened."""
    one = _population(figures, event)
    one.events += 1
    if event["event_type"] == "page_view":
        one.page_views += 1
        if event.get("http_status") == 404:
            one.not_found += 1
        if (response := event.get("response_ms")) is not None:
            bucket = bisect_left(_BOUNDS, response)
            one.responses[bucket] = one.responses.get(bucket, 0) + 1
    if _is_failure(event):
        one.errors += 1
        one.error_events += event["event_type"] == "error"
        happened = parse_rfc3339_ms(event["event_time"])
        one.first_error_ms = min(one.first_error_ms or happened, happened)
        one.last_error_ms = max(one.last_error_ms or happened, happened)


def _population(figures: Recounted, event: dict[str, Any]) -> Figures:
    return figures.bots if event["is_bot"] else figures.people


def _is_failure(event: dict[str, Any]) -> bool:
    if event["event_type"] == "error":
        return True
    return bool(event["event_type"] == "page_view" and (event.get("http_status") or 0) >= 500)


def new_figures() -> Recounted:
    """An empty row."""
    return Recounted(Figures(), Figures())

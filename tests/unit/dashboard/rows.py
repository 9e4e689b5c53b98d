"""Rows as the live questions return them, and sources of such rows, for tests."""

import time
from datetime import date
from typing import Any

from footfall.dashboard.data.errors import NotFound, Unavailable
from footfall.dashboard.data.recent_views import PageView
from footfall.events.times import format_rfc3339_ms
from footfall.lags import ConsumerLag
from footfall.realtime.alerts.alert import Alert, row
from footfall.site_registry import DEMO_SITES, Site
from footfall.warehouse.published import Published

# 2026-11-24T08:10:30Z: half a minute into its minute.
AT_MS = 1_795_507_830_000
MINUTE_MS = 60_000

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "[x](javascript:alert(1))",
    "$\\LaTeX$",
    ":red[hi]",
    ":material/home:",
    "**bold** `code` <b>b</b>",
    "&lt;i&gt; & 'quote'",
)


def active_row(app_id: str, active_5m: int, **overrides: Any) -> dict[str, Any]:
    """A row of `live-active-users` by app."""
    row = {"as_of_at": format_rfc3339_ms(AT_MS), "app_id": app_id, "dimension": "app", "value": app_id}
    return row | {"active_1m": 1, "active_5m": active_5m, "active_30m": 40, "bots_5m": 2} | overrides


def metrics_row(minutes_ago: int, app_id: str = "shop", value: str | None = None, **overrides: Any) -> dict[str, Any]:
    """A row of `live-metrics`, `minutes_ago` before the minute of AT_MS."""
    row = {
        "minute_at": format_rfc3339_ms((AT_MS // MINUTE_MS - minutes_ago) * MINUTE_MS),
        "app_id": app_id,
        "dimension": "app" if value is None else "page",
        "value": app_id if value is None else value,
        "events": 60,
        "page_views": 20,
        "visitors": 5,
        "errors": 0,
        "error_rate": 0.0,
        "p50_ms": 20,
        "p95_ms": 80,
        "p99_ms": 90,
        "rejected": 0,
        "is_complete": minutes_ago > 0,
    }
    return row | overrides


def city_row(city: str, page_views_5m: int, **overrides: Any) -> dict[str, Any]:
    """A row of `live-cities`."""
    row = {"app_id": "shop", "country": "DE", "city": city, "latitude": 52.5, "longitude": 13.4}
    return row | {"page_views_5m": page_views_5m, "page_views_30m": 90} | overrides


def visits_row(page_path: str, entries_30m: int, exits_30m: int, app_id: str = "shop") -> dict[str, Any]:
    """A row of `live-visits`."""
    return {"app_id": app_id, "page_path": page_path, "entries_30m": entries_30m, "exits_30m": exits_30m}


def vitals_row(app_id: str, value: str | None = None, **overrides: Any) -> dict[str, Any]:
    """A row of `live-web-vitals`, by device if there is a value."""
    row = {"app_id": app_id, "dimension": "app" if value is None else "device", "value": value or app_id, "views": 40}
    row |= {"lcp_p75_ms": 1_234, "inp_p75_ms": 250, "cls_p75": 0.3, "ttfb_p75_ms": None}
    row |= {"lcp_good_share": 0.9, "inp_good_share": 0.5, "cls_good_share": 0.1, "ttfb_good_share": None}
    row |= {"lcp_rating": "good", "inp_rating": "needs improvement", "cls_rating": "poor", "ttfb_rating": None}
    return row | overrides


def session_row(seq: int, **overrides: Any) -> dict[str, Any]:
    """A row of `session`, ten seconds after the one before."""
    row = {"session_id": "s1", "app_id": "shop", "anonymous_id": "browser-1", "user_id": None, "seq": seq}
    row |= {"event_at": format_rfc3339_ms(AT_MS + seq * 10_000), "event_type": "page_view", "page_path": f"/{seq}"}
    row |= {"element": None, "gap_ms": None if seq == 0 else 10_000, "is_entry": seq == 0, "is_exit": False}
    return row | {"is_open": True, "event_name": None} | overrides


def page_view(**overrides: Any) -> PageView:
    """A page view of the stream."""
    fields: dict[str, Any] = {
        "event_ms": AT_MS,
        "app_id": "news",
        "anonymous_id": "0193-browser-7a11",
        "user_id": None,
        "session_id": "s1",
        "page_path": "/article/1",
        "page_title": "A title",
        "previous_path": "/",
        "country": "DE",
        "http_status": 200,
    }
    return PageView(**(fields | overrides))


def alert_row(kind: str, ended_ms: int | None = None, **overrides: Any) -> dict[str, Any]:
    """A row of `live-alerts`: open, or one that lasted a minute and a half."""
    hostile = " ".join(HOSTILE)
    state, started_ms = ("open", AT_MS) if ended_ms is None else ("resolved", ended_ms - 90_000)
    alert = Alert(
        kind, "shop", hostile, "critical", state, started_ms, started_ms, ended_ms, 0.8, 0.004, 10, 1e-9, hostile
    )
    return row(alert) | overrides


class MadeUp:
    """Answers of three busy sites in which every visitor's string is hostile; each engine can be down."""

    def __init__(self, hbase: bool = True, kafka: bool = True) -> None:
        self.hbase = hbase
        self.kafka = kafka
        self.active = 7
        self.registered = tuple(Site(app_id=app, title=app.title()) for app in DEMO_SITES)
        self.asked: list[str] = []

    def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
        self.asked.append(question)
        if not self.hbase:
            raise Unavailable("HBase at 127.0.0.1:9090 does not answer.")
        hostile = " ".join(HOSTILE)
        if question == "live-active-users" and parameters["by"] == "country":
            return [active_row("shop", 3, value="DE"), active_row("news", 1, value=hostile)]
        if question == "live-active-users":
            return [active_row(app, self.active) for app in ("all", "shop", "news", "academy")]
        if question == "live-metrics":
            value = None if parameters["by"] == "app" else hostile
            return [metrics_row(m, app, value) for m in range(3) for app in ("shop", "news", "academy")]
        if question == "live-cities":
            return [city_row(hostile, 3), city_row(hostile, 2, app_id="news", country=hostile)]
        if question == "live-visits":
            return [visits_row(hostile, 5, 4, app) for app in ("shop", "news", "academy")]
        if question == "live-web-vitals":
            value = None if parameters["by"] == "app" else hostile
            return [vitals_row(app, value) for app in ("shop", "news", "academy")]
        if question == "live-errors":
            app = parameters.get("app", "all")
            row = {"error_code": hostile, "error_message": hostile, "page_path": hostile}
            row["app_id"] = "shop" if app == "all" else app
            at = format_rfc3339_ms(AT_MS)
            counts = {"count_5m": 3, "visitors_5m": 2}
            return [row | counts | {"first_at": at, "last_at": at, "sample_request_id": hostile}]
        if question == "live-alerts":
            return [alert_row("errors"), alert_row("drop", int(time.time() * 1000))]
        if question == "log-tail":
            line = {
                "logged_at": format_rfc3339_ms(AT_MS),
                "app_id": "shop",
                "kind": parameters["kind"],
                "level": "ERROR",
            }
            more = {"request_id": hostile, "page_path": hostile, "status": 500, "duration_us": 12_345}
            return [line | more | {"message": f"Traceback {hostile}"}]
        if question == "session" and parameters["session"] == "s1":
            return [session_row(0, page_path=hostile), session_row(1, element=hostile, user_id=hostile)]
        if question == "recent-pages" and parameters["user"] == "u1":
            row = {"viewed_at": format_rfc3339_ms(AT_MS), "app_id": "shop", "session_id": "s1", "page_path": hostile}
            return [row | {"page_title": hostile, "page_type": "product", "engaged_ms": 1, "http_status": 200}]
        raise NotFound("There is nothing of that name.")

    def lags(self) -> list[ConsumerLag]:
        return [
            ConsumerLag("live", 12, "events", 0.4),
            ConsumerLag("archive", 1, "events", 9.0),
            ConsumerLag("windows", None, "", 75.2),
            ConsumerLag("logs", 3 << 20, "bytes", 1.0),
        ]

    def sites(self) -> tuple[Site, ...]:
        return self.registered

    def published(self) -> dict[date, Published]:
        return {}

    def learned(self) -> dict[str, Published]:
        return {}

    def latest(self) -> list[PageView]:
        if not self.kafka:
            raise Unavailable("Kafka at 127.0.0.1:9092 does not answer.")
        hostile = " ".join(HOSTILE)
        return [page_view(page_title=hostile, page_path=hostile, user_id=hostile, country=hostile)]


class Travelled(MadeUp):
    """Two sites that differ in their countries, cities and pages."""

    def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
        if question == "live-active-users" and parameters["by"] == "country":
            return [active_row("shop", 3, value="DE"), active_row("news", 1, value="FR")]
        if question == "live-cities":
            return [city_row("Berlin", 7), city_row("Nice", 2, app_id="news", country="FR")]
        if question == "live-visits":
            return [visits_row("/tea", 5, 0), visits_row("/rain", 3, 2, "news"), visits_row("/cart", 0, 4)]
        if question == "live-web-vitals" and parameters["by"] == "device":
            unknown = vitals_row("news", value="") | {"value": None}
            return [
                vitals_row("shop", "desktop"),
                vitals_row("news", "mobile", lcp_p75_ms=None, lcp_rating=None),
                unknown,
            ]
        if question == "live-web-vitals":
            return [vitals_row("shop", views=1_000), vitals_row("news")]
        return super().ask(question, **parameters)

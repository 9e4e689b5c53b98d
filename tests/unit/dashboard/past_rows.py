"""Rows as the questions about past days return them, and a source of such rows, for tests."""

from datetime import date, timedelta
from typing import Any, Final

from footfall.dashboard.data.errors import NotFound, Unavailable
from footfall.site_registry import DEMO_SITES
from footfall.warehouse.published import Published
from tests.unit.dashboard.rows import HOSTILE, MadeUp

# A Saturday.
DAY: Final = date(2026, 11, 28)
PUBLISHED_MS: Final = 1_795_936_351_000  # 2026-11-29T07:12:31Z
_HOSTILE: Final = " ".join(HOSTILE)


def published(*days: date, run: str = "r1") -> dict[date, Published]:
    """These days as published by the run."""
    return {day: Published(day, run, PUBLISHED_MS, f"/warehouse/{run}.json") for day in days}


def days_up_to(count: int, last: date = DAY) -> list[date]:
    """So many days in a row, ascending."""
    return [last - timedelta(days=n) for n in reversed(range(count))]


def summary_row(day: date, app_id: str = "all", **overrides: Any) -> dict[str, Any]:
    """A row of `daily-summary`."""
    row: dict[str, Any] = {"dt": str(day), "app_id": app_id, "page_views": 8000, "visits": 2000, "visitors": 1500}
    row |= {"engaged_ms": 90_000_000, "events": 30_000, "new_visitors": 300, "users": 200, "bounce_rate": 0.25}
    row |= {"median_visit_ms": 60_000, "conversions": 50, "revenue_cents": 123_450, "errors": 40, "error_rate": 0.005}
    row |= {"p95_ms": 80, "bot_events": 10, "late_events": 5, "published_at": "2026-11-29T07:12:31.000Z"}
    return row | overrides


def _head(app_id: str) -> dict[str, Any]:
    return {"from_dt": str(DAY), "to_dt": str(DAY), "app_id": app_id}


def page_row(page_path: str, page_views: int, app_id: str = "shop", **overrides: Any) -> dict[str, Any]:
    """A row of `most-visited-pages`."""
    row = _head(app_id) | {"page_path": page_path, "page_title": "A title", "page_type": "product"}
    row |= {"page_views": page_views, "visits": page_views, "visitors": 70, "engaged_ms": 12_000 * page_views}
    row |= {"entries": 20, "exits": 10, "exit_rate": 0.125, "bounces": 5, "bounce_rate": 0.25, "avg_scroll_pct": 50.0}
    return row | overrides


def section_row(page_section: str, engaged_ms: int, app_id: str = "shop") -> dict[str, Any]:
    """A row of `section-engagement` with a hundred page views."""
    row = _head(app_id) | {"page_section": page_section, "page_views": 100, "visits": 80, "visitors": 70}
    row |= {"engaged_ms": engaged_ms, "engaged_ms_per_view": engaged_ms / 100, "avg_scroll_pct": 40.0}
    return row | {"exit_rate": 0.2}


def path_row(path: list[str], visits: int, app_id: str = "shop", ends_in_exit: bool = False) -> dict[str, Any]:
    """A row of `navigation-paths`."""
    row = _head(app_id) | {"path": path, "length": len(path), "ends_in_exit": ends_in_exit, "visits": visits}
    return row | {"visit_share": visits / 2000, "conversions": 3}


def transition_row(from_page: str, to_page: str, count: int, app_id: str = "shop") -> dict[str, Any]:
    """A row of `transitions`."""
    return _head(app_id) | {"from_page": from_page, "to_page": to_page, "count": count, "from_share": 0.4}


def place_row(country: str | None, visits: int, app_id: str = "shop", **overrides: Any) -> dict[str, Any]:
    """A row of `geographic-traffic`, by country unless a city is given."""
    row = _head(app_id) | {"country": country, "region": None, "city": None, "latitude": None, "longitude": None}
    row |= {"page_views": 4 * visits, "visits": visits, "visitors": visits, "engaged_ms": 45_000 * visits}
    return row | {"visit_share": visits / 2000, "bounce_rate": 0.25, "error_rate": 0.01} | overrides


def profile_row(value: str, users: int, app_id: str = "shop") -> dict[str, Any]:
    """A row of `engagement-by-profile` by plan."""
    row = _head(app_id) | {"dimension": "plan", "value": value, "users": users, "page_views": 9 * users}
    row |= {"visits": 2 * users, "visitors": users, "engaged_ms": 90_000 * users, "conversions": users // 4}
    return row | {"revenue_cents": 1_050 * users, "engaged_ms_per_user": 90_000.0}


def error_row(message: str, count: int, app_id: str = "shop", **overrides: Any) -> dict[str, Any]:
    """A row of `site-errors`."""
    row = _head(app_id) | {"fingerprint": "f1", "origin": "server", "error_code": "TimeoutError", "message": message}
    row |= {"page_path": "/checkout", "count": count, "visitors": 9, "visits": 9, "is_new": False}
    row |= {"first_at": "2026-11-28T03:00:00.000Z", "last_at": "2026-11-28T21:04:05.000Z", "sample_request_id": "q1"}
    return row | overrides


def slow_row(page_path: str, p95_ms: int | None, app_id: str = "shop") -> dict[str, Any]:
    """A row of `slow-pages`."""
    row = _head(app_id) | {"page_path": page_path, "page_views": 60, "p50_ms": 40, "p95_ms": p95_ms, "p99_ms": 1500}
    row |= {"server_p95_ms": 70, "slow_views": 3, "slow_rate": 0.05, "slow_exit_rate": 0.5, "fast_exit_rate": 0.2}
    return row


def felt_row(value: str | None, views: int, app_id: str = "shop", by: str = "page", **overrides: Any) -> dict[str, Any]:
    """A row of `web-vitals`."""
    row = _head(app_id) | {"dimension": by, "value": value, "views": views}
    row |= {"lcp_p75_ms": 1_234, "inp_p75_ms": 250, "cls_p75": 0.3, "ttfb_p75_ms": None}
    row |= {"lcp_good_share": 0.9, "inp_good_share": 0.5, "cls_good_share": 0.1, "ttfb_good_share": None}
    row |= {"lcp_rating": "good", "inp_rating": "needs improvement", "cls_rating": "poor", "ttfb_rating": None}
    return row | overrides


def quality_row(check_name: str, status: str = "ok", **overrides: Any) -> dict[str, Any]:
    """A row of `data-quality`."""
    row = _head("all") | {"check_name": check_name, "table_name": "fact_events", "observed": 0.25, "threshold": 0.1}
    return row | {"status": status, "checked_at": "2026-11-29T07:12:00.000Z"} | overrides


class MadeUpPast(MadeUp):
    """Eight published days in which every visitor's string is hostile; Hive and HDFS can be down."""

    def __init__(self, hive: bool = True, hdfs: bool = True) -> None:
        super().__init__()
        self.hive = hive
        self.hdfs = hdfs
        self.days = published(*days_up_to(8))
        self.parameters: list[tuple[str, dict[str, Any]]] = []

    def published(self) -> dict[date, Published]:
        if not self.hdfs:
            raise Unavailable("HDFS at 127.0.0.1:9870 does not answer.")
        return dict(self.days)

    def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
        if question.startswith("live-"):
            return super().ask(question, **parameters)
        self.asked.append(question)
        self.parameters.append((question, parameters))
        if not self.hive:
            raise Unavailable("Hive at 127.0.0.1:10000 does not answer.")
        if question == "daily-summary":
            return self._summary(**parameters)
        apps = DEMO_SITES if parameters.get("app", "all") == "all" else [parameters["app"]]
        return [row for app in apps for row in self._rows(question, app, parameters.get("by"))]

    def _summary(self, **parameters: str) -> list[dict[str, Any]]:
        first = parameters.get("from", parameters.get("date", ""))
        last = parameters.get("to", first)
        found = [day for day in self.days if first <= str(day) <= last]
        if not found:
            raise NotFound(f"{first} has events and is not published. Run `./footfall batch --date {first}`.")
        return [
            summary_row(day, app, visits=2000 + (day == DAY) * 100) for day in found for app in ("all", *DEMO_SITES)
        ]

    def _rows(self, question: str, app: str, by: str | None) -> list[dict[str, Any]]:
        if question == "data-quality":
            return [quality_row("repeated")] if app == "shop" else []
        if question == "most-visited-pages":
            return [page_row(_HOSTILE, 500, app, page_title=_HOSTILE)]
        if question == "section-engagement":
            return [section_row(_HOSTILE, 60_000, app)]
        if question == "navigation-paths":
            return [path_row([_HOSTILE, "product", "cart"], 40, app, ends_in_exit=True)]
        if question == "transitions":
            return [transition_row(_HOSTILE, "/cart", 12, app)]
        if question == "geographic-traffic" and by == "country":
            return [place_row("DE", 30, app), place_row(_HOSTILE, 3, app)]
        if question == "geographic-traffic":
            return [place_row("DE", 20, app, city=_HOSTILE, latitude=52.5, longitude=13.4)]
        if question == "engagement-by-profile":
            return [profile_row("plus", 12, app)]
        if question == "site-errors":
            return [error_row(_HOSTILE, 7, app, page_path=_HOSTILE, is_new=True)]
        if question == "web-vitals":
            return [felt_row(_HOSTILE, 30, app, str(by))]
        assert question == "slow-pages"
        return [slow_row(_HOSTILE, 900, app)]

"""What is read of the facts, by the same statements on DuckDB."""

import json
from collections.abc import Sequence
from typing import Any

import duckdb
import pytest

from footfall.learning import extracts
from footfall.learning.extracts import figures_of, offset_hours, uses_of
from footfall.learning.ids import Item, User
from footfall.learning.preferences import Use

RUN = "20261129T020000-1a2b"
DAY_MS = 86_400_000
# 2026-11-27, 22:30 UTC.
AT_MS = 20_784 * DAY_MS + (22 * 60 + 30) * 60_000
DAYS = {"2026-11-27": RUN, "2026-11-28": RUN}

EVENTS = (
    "dt run app_id visit_id session_id event_id event_type event_ms anonymous_id timezone consent item_type item_id "
    "http_status page_title page_section engaged_ms is_bot"
)
VISITS = (
    "dt run app_id population visit_id anonymous_id user_id started_ms page_views engaged_ms conversions errors "
    "device_type"
)
VIEWS = "dt run visit_id page_section is_bot"
_KINDS = {
    "event_ms": "bigint",
    "engaged_ms": "int",
    "http_status": "int",
    "is_bot": "boolean",
    "started_ms": "bigint",
    "page_views": "bigint",
    "conversions": "bigint",
    "errors": "bigint",
}


class Facts:
    """Hive's tables of facts with the columns that are read."""

    def __init__(self) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("CREATE SCHEMA footfall")
        for table, columns in (("fact_events", EVENTS), ("fact_visits", VISITS), ("fact_page_views", VIEWS)):
            listed = ", ".join(f"{name} {_KINDS.get(name, 'text')}" for name in columns.split())
            self._connection.execute(f"CREATE TABLE footfall.{table}_runs ({listed})")

    def add(self, table: str, columns: str, **values: Any) -> None:
        row = [values.get(name) for name in columns.split()]
        self._connection.execute(f"INSERT INTO footfall.{table}_runs VALUES ({', '.join('?' * len(row))})", row)

    def visit(self, name: str, events: Sequence[dict[str, Any]], **values: Any) -> None:
        """A visit of people on the first day, and its events; a page view for each of their `page_view`."""
        usual = {
            "dt": "2026-11-27", "run": RUN, "app_id": "shop", "population": "people", "visit_id": name,
            "anonymous_id": "b1", "started_ms": AT_MS, "page_views": 1, "engaged_ms": 1000, "conversions": 0,
            "errors": 0, "device_type": "mobile",
        }  # fmt: skip
        visit = usual | values
        self.add("fact_visits", VISITS, **visit)
        for number, given in enumerate(events):
            usual_event = {
                "event_id": f"{name}{number}", "session_id": name, "event_type": "page_view",
                "event_ms": visit["started_ms"] + number, "timezone": "Asia/Tokyo",
                "page_section": "camping", "is_bot": visit["population"] == "bots",
            }  # fmt: skip
            of_visit = {name: visit[name] for name in ("dt", "run", "app_id", "visit_id", "anonymous_id")}
            event = usual_event | of_visit | given
            self.add("fact_events", EVENTS, **event)
            if event["event_type"] == "page_view":
                self.add("fact_page_views", VIEWS, **event)

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(select).fetchall()


@pytest.fixture
def facts() -> Facts:
    return Facts()


def test_a_subject_is_the_user_or_else_the_browser(facts: Facts) -> None:
    facts.visit("v1", [{}, {"page_section": "tools"}], user_id="u1", page_views=2, engaged_ms=5000, conversions=1)
    facts.visit("v2", [{}], user_id="u1", anonymous_id="b2", device_type="desktop", errors=3, started_ms=AT_MS + 9)
    facts.visit("v3", [{}])
    browser, user = figures_of(extracts.subjects(facts.rows, DAYS))
    assert (browser.subject, browser.is_user, browser.visits) == ("b1", False, 1)
    assert user._replace(local_hours={}) == (
        "u1", True, 2, AT_MS + 9, 3, 6000, 1, 3, 1, 2, 2, {}
    )  # fmt: skip
    # 22:30 in London is 7:30 in Tokyo.
    assert user.local_hours == {7: 2}


def test_bots_and_visits_without_consent_stay_out(facts: Facts) -> None:
    facts.visit("v1", [{}, {"consent": "denied"}])
    facts.visit("v2", [{}], population="bots", anonymous_id="b2")
    facts.visit("v3", [{}], population="all", anonymous_id="b3")
    facts.visit("v4", [{"consent": "granted", "item_type": "product", "item_id": "tent"}], anonymous_id="b4")
    assert [one.subject for one in figures_of(extracts.subjects(facts.rows, DAYS))] == ["b4"]
    assert [row["subject"] for row in extracts.uses(facts.rows, DAYS)] == ["b4"]


def test_only_the_days_and_runs_of_the_window_are_read(facts: Facts) -> None:
    facts.visit("v1", [{}], anonymous_id="b1", dt="2026-11-26")
    facts.visit("v2", [{}], anonymous_id="b2", run="20261129T020000-ffff")
    facts.visit("v3", [{}], anonymous_id="b3")
    assert [one.subject for one in figures_of(extracts.subjects(facts.rows, DAYS))] == ["b3"]


def test_nobody_is_nobody(facts: Facts) -> None:
    assert extracts.subjects(facts.rows, DAYS) == []
    assert extracts.uses(facts.rows, DAYS) == []
    assert extracts.items(facts.rows, DAYS) == []


def test_uses_are_added_up_over_the_wanted_days(facts: Facts) -> None:
    tent = {"item_type": "product", "item_id": "tent"}
    ping = {**tent, "event_type": "page_ping", "engaged_ms": 5000}
    facts.visit("v1", [tent, ping, ping, {**tent, "event_type": "impression"}, {}], user_id="u1")
    facts.visit("v2", [tent, {**tent, "event_type": "purchase"}], user_id="u1", dt="2026-11-28")
    rows = extracts.uses(facts.rows, DAYS)
    user, item = User("shop", "u1"), Item("shop", "product", "tent")
    assert uses_of(rows) == [Use(user, item, {"page_view": 2, "purchase": 1}, 10_000)]
    assert uses_of(rows, last="2026-11-27") == [Use(user, item, {"page_view": 1}, 10_000)]
    assert uses_of(rows, first="2026-11-28") == [Use(user, item, {"page_view": 1, "purchase": 1}, 0)]


def test_an_item_has_the_title_and_section_of_its_latest_view(facts: Facts) -> None:
    tent = {"item_type": "product", "item_id": "tent"}
    views = [
        {**tent, "page_title": "Old", "page_section": "tools"},
        {**tent, "page_title": "New"},
        {**tent, "page_title": "Listed", "event_type": "click"},
        {**tent, "page_title": "Not Found", "http_status": 404},
        {**tent, "item_id": "made-up", "http_status": 404},
    ]
    facts.visit("v1", views)
    assert extracts.items(facts.rows, DAYS) == [
        {"app_id": "shop", "item_type": "product", "item_id": "tent", "title": "New", "section": "camping"}
    ]


def test_uses_of_items_that_do_not_exist_are_left_out(facts: Facts) -> None:
    tent = {"item_type": "product", "item_id": "tent"}
    facts.visit("v1", [tent, {**tent, "item_id": "made-up", "http_status": 404}], user_id="u1")
    uses = extracts.of_known(extracts.uses(facts.rows, DAYS), extracts.items(facts.rows, DAYS))
    assert [row["item_id"] for row in uses] == ["tent"]


def test_used_items_are_listed_with_those_of_the_latest_day_first(facts: Facts) -> None:
    tent, boot, axe = ({"item_type": "product", "item_id": name} for name in ("tent", "boot", "axe"))
    facts.visit("v1", [tent, axe, boot], user_id="u1")
    facts.visit("v2", [boot], user_id="u1", dt="2026-11-28")
    listed = extracts.latest_first(extracts.uses(facts.rows, DAYS))
    assert [item.item_id for item in listed[User("shop", "u1")]] == ["boot", "axe", "tent"]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-11-28", 1),
        ("Europe/Berlin", "2026-07-01", 2),
        ("Asia/Kolkata", "2026-11-28", 5),
        ("America/New_York", "2026-11-28", -5),
        ("", "2026-11-28", 0),
        ("Nowhere/City", "2026-11-28", 0),
        ("../../etc/passwd", "2026-11-28", 0),
        ("Europe", "2026-11-28", 0),
        ("a\0b", "2026-11-28", 0),
    ],
)
def test_whatever_a_browser_calls_its_time_zone_has_an_offset(zone: str, day: str, hours: int) -> None:
    assert offset_hours(zone, day) == hours


def test_extracted_rows_fit_their_schemas(facts: Facts) -> None:
    facts.visit("v1", [{"item_type": "product", "item_id": "tent", "page_title": "Tent"}])
    for rows, schema in (
        (extracts.subjects(facts.rows, DAYS), extracts.SUBJECTS_SCHEMA),
        (extracts.uses(facts.rows, DAYS), extracts.USES_SCHEMA),
        (extracts.items(facts.rows, DAYS), extracts.ITEMS_SCHEMA),
    ):
        assert [list(row) for row in rows] == [schema.names]
        assert json.dumps(rows)

"""The job's tables of a day on which a site's server sent events, most of which have no page."""

import pytest
from pyspark.sql import SparkSession

from tests.integration.warehouse.test_golden_days import make, rows, shown
from tests.support import golden_days as golden
from tests.support.golden_days import BERLIN, DAY, DAYS
from tests.support.local_files import LocalFiles


@pytest.fixture(scope="module")
def files(warehouse_spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> LocalFiles:
    day = golden.Day()
    server = {"schema_version": "1.1", "via": "server", "seq": 1_000_000}
    # A visit, its order paid ten minutes later, and one that is paid hours later.
    day.add(1, "shop", "V", "10:00:00", "page_view", "/", page_view_id="V1", utm_source="mail", **BERLIN)
    paid = {"user_id": "u1", "value_cents": 500, **server}
    day.add(2, "shop", "V", "10:10:00", "purchase", None, order_id="o1", **paid)
    day.add(3, "shop", "V", "15:00:00", "purchase", None, order_id="o2", **paid)
    # Another person's, of whom the server alone knows.
    day.add(4, "shop", "S", "12:00:00", "purchase", None, order_id="o3", **paid)
    day.add(5, "shop", "S", "12:00:01", "error", None, error_code="E1", error_message="declined 17", **server)
    day.add(6, "shop", "S", "12:00:02", "custom", None, event_name="invoice", **server)
    made = LocalFiles(tmp_path_factory.mktemp("server"))
    golden.write(made, events=day.events)
    make(warehouse_spark, made, DAYS)
    return made


def test_a_visit_needs_a_page_view_and_keeps_its_source_and_place(files: LocalFiles) -> None:
    found = rows(files, "fact_visits", population="people")
    assert shown(found, "visit_id", "events", "page_views", "duration_ms", "conversions", "revenue_cents") == [
        (f"shop:V:{DAY}:1", 2, 1, 600_000, 1, 500)
    ]
    assert shown(found, "source", "city", "user_id", "entry_path", "exit_path") == [
        ("campaign", "Berlin", "u1", "/", "/")
    ]


def test_orders_outside_of_visits_count_in_the_day(files: LocalFiles) -> None:
    summary = rows(files, "day_summary", population="people", app_id="shop")
    names = ("page_views", "visits", "visitors", "events", "conversions", "revenue_cents", "errors", "attempts")
    assert shown(summary, *names) == [(1, 1, 2, 6, 3, 1_500, 1, 2)]
    assert shown(rows(files, "day_pages", population="people"), "page_path", "page_views") == [("/", 1)]


def test_an_error_without_a_page_is_an_error(files: LocalFiles) -> None:
    (found,) = rows(files, "day_errors", population="people", origin="client")
    assert (found["error_code"], found["page_path"], found["errors"], found["visits"]) == ("E1", None, 1, 0)

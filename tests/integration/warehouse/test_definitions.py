"""Spark's columns say the same as the functions of `metrics`, for every combination of their cases."""

from collections.abc import Callable
from itertools import product
from typing import Any

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as f

from footfall.metrics import ages, conversions, engagement, errors, lateness, page_views, paths, percentiles
from footfall.warehouse.spark import definitions
from footfall.warehouse.spark.schemas import with_day
from footfall.warehouse.tables import FACT_EVENTS

Event = dict[str, Any]


def test_events(warehouse_spark: SparkSession) -> None:
    cases: dict[str, tuple[Callable[[], Column], Callable[[Event], Any]]] = {
        "is_page_view": (definitions.is_page_view, lambda e: page_views.is_page_view(e["event_type"])),
        "is_ping": (definitions.is_ping, lambda e: engagement.is_ping(e["event_type"])),
        "is_error_event": (definitions.is_error_event, lambda e: errors.is_error_event(e["event_type"])),
        "could_fail": (definitions.could_fail, lambda e: errors.could_fail(e["event_type"])),
        "is_failure": (definitions.is_failure, lambda e: errors.is_failure(e["event_type"], e["http_status"])),
        "engaged": (
            definitions.engaged_time_ms,
            lambda e: engagement.engaged_time_ms(e["event_type"], e["engaged_ms"]),
        ),
        "revenue": (definitions.revenue_cents, lambda e: conversions.revenue_cents(e["event_type"], e["value_cents"])),
        "conversion": (
            definitions.conversion,
            lambda e: conversions.conversion(e["app_id"], e["event_type"], e["element"], e["event_id"], e["order_id"]),
        ),
        "late": (definitions.is_late, lambda e: lateness.is_late(e["event_ms"], e["received_ms"])),
    }
    events = [
        {
            "app_id": app_id,
            "event_type": event_type,
            "element": element,
            "event_id": f"e{number}",
            "order_id": number_or_none and f"o{number_or_none}",
            "http_status": http_status,
            "engaged_ms": number_or_none,
            "value_cents": number_or_none,
            "event_ms": 0,
            "received_ms": received_ms,
        }
        for number, (app_id, event_type, element, number_or_none, http_status, received_ms) in enumerate(
            product(
                ("shop", "news", "academy", "blog"),
                ("page_view", "page_ping", "error", "purchase", "form_submit", "click"),
                (None, "newsletter", "quiz"),
                (None, 5),
                (None, 404, 499, 500),
                (60_000, 60_001),
            )
        )
    ]
    names = list(events[0])
    schema = with_day(FACT_EVENTS)
    rows = warehouse_spark.createDataFrame(
        [tuple(event[name] for name in names) for event in events],
        ", ".join(f"{name} {schema[name].dataType.simpleString()}" for name in names),
    )
    found = rows.select("event_id", *(column().alias(name) for name, (column, _) in cases.items())).collect()
    by_id = {row["event_id"]: row.asDict() for row in found}
    assert len(by_id) == len(events)
    for event in events:
        expected = {name: function(event) for name, (_, function) in cases.items()}
        assert by_id[event["event_id"]] == {"event_id": event["event_id"], **expected}, event


def test_visits(warehouse_spark: SparkSession) -> None:
    cases = list(product((1, 2), (0, 9_999, 10_000), (0, 1)))
    rows = warehouse_spark.createDataFrame(cases, "page_views bigint, engaged_ms bigint, conversions bigint")
    for row in rows.select("*", definitions.is_engaged_visit().alias("found")).collect():
        assert row["found"] == engagement.is_engaged_visit(row["page_views"], row["engaged_ms"], row["conversions"]), (
            row
        )


def test_age_bands(warehouse_spark: SparkSession) -> None:
    years = [(None,), *((year,) for year in range(1900, 2028))]
    rows = warehouse_spark.createDataFrame(years, "birth_year int")
    found = rows.select("birth_year", definitions.age_band(f.col("birth_year"), f.lit(2026)).alias("band")).collect()
    assert [row["band"] for row in found] == [ages.age_band(row["birth_year"], 2026) for row in found]


def test_percentiles(warehouse_spark: SparkSession) -> None:
    cases = [(list(range(0, 3 * count, 3)),) for count in range(130)]
    rows = warehouse_spark.createDataFrame(cases, "ordered array<bigint>")
    percents = (50, 95, 99)
    found = rows.select("ordered", *(definitions.percentile("ordered", p).alias(f"p{p}") for p in percents)).collect()
    for row in found:
        assert [row[f"p{p}"] for p in percents] == [percentiles.percentile(row["ordered"], p) for p in percents]
    times = warehouse_spark.range(0, 5_000, 7).select("id", definitions.rounded_ms("id").alias("ms")).collect()
    assert [row["ms"] for row in times] == [percentiles.rounded_ms(row["id"]) for row in times]


def test_paths(warehouse_spark: SparkSession) -> None:
    cases = [(list(letters),) for length in range(8) for letters in product("ab", repeat=length)]
    cases += [(list("abcabcabc"),), (list("aabbccddeeffgg"),)]
    rows = warehouse_spark.createDataFrame(cases, "steps array<string>")
    found = rows.select("steps", definitions.collapsed("steps", paths.KEPT).alias("path")).collect()
    assert [row["path"] for row in found] == [paths.collapsed(row["steps"]) for row in found]

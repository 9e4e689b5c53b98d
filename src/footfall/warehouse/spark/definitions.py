"""The definitions of `footfall.metrics` as Spark's columns, made of the same constants. A test compares the two."""

from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as f

from footfall.metrics import ages, conversions, engagement, errors, lateness, page_views

_TYPE = "event_type"


def is_page_view() -> Column:
    """`page_views.is_page_view` of an event."""
    return f.col(_TYPE) == page_views.PAGE_VIEW


def is_ping() -> Column:
    """`engagement.is_ping` of an event."""
    return f.col(_TYPE) == engagement.PAGE_PING


def is_error_event() -> Column:
    """`errors.is_error_event` of an event."""
    return f.col(_TYPE) == errors.ERROR


def could_fail() -> Column:
    """`errors.could_fail` of an event."""
    return is_page_view() | is_error_event()


def is_failure() -> Column:
    """`errors.is_failure` of an event."""
    return is_error_event() | (is_page_view() & (f.coalesce(f.col("http_status"), f.lit(0)) >= errors.FAILED_FROM))


def engaged_time_ms() -> Column:
    """`engagement.engaged_time_ms` of an event."""
    return f.when(is_ping(), f.coalesce(f.col("engaged_ms"), f.lit(0))).otherwise(0).cast("bigint")


def revenue_cents() -> Column:
    """`conversions.revenue_cents` of an event."""
    is_purchase = f.col(_TYPE) == conversions.PURCHASE
    return f.when(is_purchase, f.coalesce(f.col("value_cents"), f.lit(0))).otherwise(0).cast("bigint")


def conversion() -> Column:
    """`conversions.conversion` of an event."""

    def of_site(otherwise: Column, app_id: str) -> Column:
        rule = conversions.RULES[app_id]
        converts = (f.col("app_id") == app_id) & (f.col(_TYPE) == rule.event_type)
        if rule.element is not None:
            converts = converts & (f.col("element") == rule.element)
        return f.when(converts, f.col(rule.counted)).otherwise(otherwise)

    return reduce(of_site, conversions.RULES, f.lit(None).cast("string"))


def is_engaged_visit() -> Column:
    """`engagement.is_engaged_visit` of a visit."""
    return (
        (f.col("page_views") >= engagement.ENGAGED_PAGE_VIEWS)
        | (f.col("engaged_ms") >= engagement.ENGAGED_MS)
        | (f.col("conversions") > 0)
    )


def is_late() -> Column:
    """`lateness.is_late` of an event."""
    return f.col("received_ms") - f.col("event_ms") > lateness.LATE_MS


def age_band(birth_year: Column, year: Column) -> Column:
    """`ages.age_band`."""
    bands = f.lit(ages.UNKNOWN)
    for youngest, band in reversed(ages.BANDS):
        bands = f.when(year - birth_year >= youngest, band).otherwise(bands)
    return bands


def collapsed(steps: str, kept: int) -> Column:
    """`paths.collapsed` of an array column. steps: an SQL expression."""
    return f.expr(f"slice(filter({steps}, (step, at) -> at = 0 OR step <> {steps}[at - 1]), 1, {kept})")


def percentile(ordered: str, percent: int) -> Column:
    """`percentiles.percentile` of a sorted array column."""
    rank = f"int((bigint(size({ordered})) * {percent} + 99) div 100)"
    return f.expr(f"if(size({ordered}) > 0, {ordered}[{rank} - 1], NULL)")


def rounded_ms(microseconds: str) -> Column:
    """`percentiles.rounded_ms` of a column."""
    return f.expr(f"({microseconds} + 500) div 1000")

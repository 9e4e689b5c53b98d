"""`visitor_days` and `day_summary`: the visitors of a day, and the day in one row."""

from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from footfall.names import ALL_APPS
from footfall.warehouse.spark import definitions
from footfall.warehouse.spark.populations import in_populations
from footfall.warehouse.tables import DAY_SUMMARY, VISITOR_DAYS

_KEY: Final = ("dt", "population", "app_id")
_SUMS: Final = ("page_views", "engaged_ms", "events", "revenue_cents", "errors", "attempts", "late_events")


def visitor_days(events: DataFrame) -> DataFrame:
    """The rows of `VISITOR_DAYS` and their `dt`. events: `fact_events`."""
    order = f.struct("event_ms", "session_id", "event_id")
    return (
        events.groupBy("dt", "app_id", "anonymous_id")
        .agg(
            f.bool_or(~f.col("is_bot")).alias("has_people_events"),
            f.bool_or("is_bot").alias("has_bot_events"),
            f.bool_or(f.coalesce(f.col("consent"), f.lit("")) == "denied").alias("consent_denied"),
            f.min("event_ms").alias("first_ms"),
            f.max_by("user_id", f.when(f.col("user_id").isNotNull(), order)).alias("user_id"),
            f.count(f.lit(1)).alias("events"),
            f.sum(definitions.is_page_view().cast("bigint")).alias("page_views"),
        )
        .select("dt", *(column.name for column in VISITOR_DAYS.columns))
    )


def day_summary(events: DataFrame, visits: DataFrame) -> DataFrame:
    """The rows of `DAY_SUMMARY` and their `dt`. events, visits: `fact_events` and `fact_visits`.

    The rows of `all` need the values of all sites for percentiles and users, so these stay arrays until the end.
    """
    by_site = _of_events(events).join(_of_visits(visits), list(_KEY), "left")
    values = ("responses", "durations", "user_ids")
    counts = ("visitors", *_SUMS, "visits", "bounces", "conversions")
    summed = (
        by_site.withColumn("app_id", f.explode(f.array("app_id", f.lit(ALL_APPS))))
        .groupBy(*_KEY)
        .agg(
            *(f.coalesce(f.sum(name), f.lit(0)).alias(name) for name in counts),
            *(f.sort_array(f.flatten(f.collect_list(name))).alias(name) for name in values),
        )
    )
    bots = (
        events.where("is_bot")
        .withColumn("app_id", f.explode(f.array("app_id", f.lit(ALL_APPS))))
        .groupBy("dt", "app_id")
        .agg(f.count(f.lit(1)).alias("bot_events"))
    )
    return (
        summed.join(bots, ["dt", "app_id"], "left")
        .withColumn("bot_events", f.coalesce("bot_events", f.lit(0)))
        .withColumn("users", f.size(f.array_distinct("user_ids")))
        .withColumn("median_visit_ms", definitions.percentile("durations", 50))
        .withColumn("p95_ms", definitions.percentile("responses", 95))
        .select("dt", *(column.name for column in DAY_SUMMARY.columns))
    )


def _of_events(events: DataFrame) -> DataFrame:
    """The figures of each site's events, also of runs without a page view; `responses` holds times of page views."""
    flagged = events.select(
        "dt",
        "app_id",
        "anonymous_id",
        "is_bot",
        definitions.is_page_view().cast("bigint").alias("page_views"),
        definitions.engaged_time_ms().alias("engaged_ms"),
        f.lit(1).alias("events"),
        definitions.revenue_cents().alias("revenue_cents"),
        definitions.is_failure().cast("bigint").alias("errors"),
        definitions.could_fail().cast("bigint").alias("attempts"),
        f.col("is_late").cast("bigint").alias("late_events"),
        f.when(definitions.is_page_view(), f.col("response_ms")).alias("response_ms"),
        "visit_id",
        "visit_id_all",
        definitions.conversion().alias("conversion"),
    )
    converted = f.when(f.col("conversion").isNotNull(), f.struct("visit_id", "conversion"))
    by_visitor = (
        in_populations(flagged)
        .groupBy(*_KEY, "anonymous_id")
        .agg(
            *(f.sum(name).alias(name) for name in _SUMS),
            f.collect_list("response_ms").alias("responses"),
            f.collect_set(converted).alias("converted"),
        )
    )
    return by_visitor.groupBy(*_KEY).agg(
        f.count(f.lit(1)).alias("visitors"),
        *(f.sum(name).alias(name) for name in _SUMS),
        f.flatten(f.collect_list("responses")).alias("responses"),
        # A run may have two visitors, if consent was given or refused within it.
        f.size(f.array_distinct(f.flatten(f.collect_list("converted")))).alias("conversions"),
    )


def _of_visits(visits: DataFrame) -> DataFrame:
    return visits.groupBy(*_KEY).agg(
        f.count(f.lit(1)).alias("visits"),
        f.count_if(~f.col("is_engaged")).alias("bounces"),
        f.collect_list("duration_ms").alias("durations"),
        f.collect_set("user_id").alias("user_ids"),
    )

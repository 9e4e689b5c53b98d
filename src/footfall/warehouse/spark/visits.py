"""`fact_visits`: the visits of each population."""

from collections.abc import Collection, Mapping
from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from footfall.metrics import paths, sources
from footfall.warehouse.spark import definitions
from footfall.warehouse.spark.populations import in_populations
from footfall.warehouse.tables import FACT_VISITS

_KEY: Final = ("dt", "population", "app_id", "session_id", "visit_id")
# Fields of a visit's first event.
_OF_FIRST: Final = (
    "anonymous_id", "utm_source", "utm_medium", "utm_campaign", "country", "region", "city", "latitude", "longitude",
    "device_type", "browser", "os", "referrer",
)  # fmt: skip
# Fields of the last event with a user.
_OF_USER: Final = ("user_id", "profile_plan", "profile_country", "profile_age_band", "profile_company_size")


def fact_visits(events: DataFrame, own_hosts: Mapping[str, Collection[str]]) -> DataFrame:
    """The rows of `FACT_VISITS` and their `dt`. events: `fact_events`. own_hosts: by site, as in `sources.source`."""
    order = f.struct("seq", "event_id")
    has_user = f.col("user_id").isNotNull()
    flagged = in_populations(
        events.select(
            *dict.fromkeys((*_KEY[:1], *_KEY[2:], "visit_id_all", "is_bot", "seq", "event_id", *_OF_FIRST, *_OF_USER)),
            "event_ms",
            "page_path",
            "page_type",
            definitions.is_page_view().alias("is_view"),
            definitions.engaged_time_ms().alias("engaged"),
            definitions.revenue_cents().alias("revenue"),
            definitions.is_failure().cast("bigint").alias("failed"),
            definitions.could_fail().cast("bigint").alias("tried"),
            definitions.conversion().alias("conversion"),
            (f.coalesce(f.col("consent"), f.lit("")) == "denied").alias("denied"),
        )
    )
    view = f.when(f.col("is_view"), f.struct("seq", "event_id", "page_type", "page_path"))
    grouped = flagged.groupBy(*_KEY).agg(
        f.min("event_ms").alias("started_ms"),
        f.max("event_ms").alias("ended_ms"),
        f.count(f.lit(1)).alias("events"),
        f.sum("engaged").alias("engaged_ms"),
        f.size(f.collect_set("conversion")).alias("conversions"),
        f.sum("revenue").alias("revenue_cents"),
        f.sum("failed").alias("errors"),
        f.sum("tried").alias("attempts"),
        f.bool_or("denied").alias("denied"),
        f.min_by(f.struct(*_OF_FIRST), order).alias("first"),
        f.max_by(f.struct(*_OF_USER), f.when(has_user, order)).alias("last_user"),
        f.sort_array(f.collect_list(view)).alias("views"),
    )
    own = {app: frozenset(hosts) for app, hosts in own_hosts.items()}
    source = f.udf(
        lambda app, utm_source, referrer: sources.source(utm_source, referrer, own.get(app, ())), returnType="string"
    )
    made = (
        grouped.where(f.size("views") > 0)
        .withColumn("page_views", f.size("views"))
        .withColumn("duration_ms", f.col("ended_ms") - f.col("started_ms"))
        .withColumn("is_engaged", definitions.is_engaged_visit())
        .withColumn("entry_path", f.col("views")[0]["page_path"])
        .withColumn("exit_path", f.element_at("views", -1)["page_path"])
        .withColumn("path_types", definitions.collapsed("views.page_type", paths.KEPT))
        .withColumn("path_pages", definitions.collapsed("views.page_path", paths.KEPT))
        .withColumn("source", source("app_id", "first.utm_source", "first.referrer"))
        .withColumns({name: f.col(f"first.{name}") for name in _OF_FIRST})
        .withColumns({name: f.when(~f.col("denied"), f.col(f"last_user.{name}")) for name in _OF_USER})
    )
    return made.select("dt", *(column.name for column in FACT_VISITS.columns))


def visitors_of_visits(page_views: DataFrame) -> DataFrame:
    """The distinct visitors with a page view in each visit: dt, population, visit_id and the array visitor_ids.

    page_views: `fact_page_views`.
    """
    of_visit = in_populations(page_views.select("dt", "is_bot", "visit_id", "visit_id_all", "anonymous_id"))
    return of_visit.groupBy("dt", "population", "visit_id").agg(f.collect_set("anonymous_id").alias("visitor_ids"))

"""`day_pages` and `day_sections`: what people saw, read and waited for."""

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from footfall.warehouse.spark import definitions
from footfall.warehouse.spark.populations import in_populations
from footfall.warehouse.tables import DAY_PAGES, DAY_SECTIONS, Table

_SLOW_MS: Final = 1000


def day_pages(events: DataFrame, page_views: DataFrame) -> DataFrame:
    """The rows of `DAY_PAGES` and their `dt`. events, page_views: `fact_events` and `fact_page_views`."""
    is_slow = f.col("response_ms") > _SLOW_MS
    figures = [
        *_common(),
        f.count_if("is_entry").alias("entries"),
        f.count_if(f.col("is_entry") & ~f.col("is_engaged")).alias("bounces"),
        f.max_by(
            f.struct("page_title", "page_type", f.col("event_ms").alias("title_ms")),
            f.struct("event_ms", "session_id", "event_id"),
        ).alias("latest"),
        f.sort_array(f.collect_list("response_ms")).alias("responses"),
        f.sort_array(f.collect_list(definitions.rounded_ms("server_us"))).alias("server"),
        f.count("response_ms").alias("timed_views"),
        f.count_if(is_slow).alias("slow_views"),
        f.count_if(is_slow & f.col("is_exit")).alias("slow_exits"),
        f.count_if(~is_slow & f.col("is_exit")).alias("fast_exits"),
    ]
    rows = _by(DAY_PAGES, "page_path", events, page_views, figures)
    return rows.select(
        "*",
        "latest.*",
        *(definitions.percentile("responses", percent).alias(f"p{percent}_ms") for percent in (50, 95, 99)),
        definitions.percentile("server", 95).alias("server_p95_ms"),
    ).select(*_with_zeros(DAY_PAGES, "page_path"))


def day_sections(events: DataFrame, page_views: DataFrame) -> DataFrame:
    """The rows of `DAY_SECTIONS` and their `dt`. events, page_views: `fact_events` and `fact_page_views`."""
    rows = _by(DAY_SECTIONS, "page_section", events, page_views, _common())
    return rows.select(*_with_zeros(DAY_SECTIONS, "page_section"))


def _common() -> list[Column]:
    return [
        f.count(f.lit(1)).alias("page_views"),
        f.size(f.collect_set("visit_id")).alias("visits"),
        f.size(f.collect_set("anonymous_id")).alias("visitors"),
        f.count_if("is_exit").alias("exits"),
        f.sum("scroll_pct").alias("scroll_sum"),
        f.count("scroll_pct").alias("scroll_views"),
    ]


def _by(table: Table, place: str, events: DataFrame, page_views: DataFrame, figures: list[Column]) -> DataFrame:
    """The figures of page views by place, and the engaged time of its pings.

    A place that only has pings, of a page that was opened before midnight, gets a row as well: over several days the
    engaged time would be too short without it.
    """
    key = ["dt", "population", "app_id", place]
    viewed = in_populations(page_views).groupBy(*key).agg(*figures)
    pings = events.where(definitions.is_ping() & f.col("engaged_ms").isNotNull() & (f.col("engaged_ms") > 0))
    engaged = pings.select("dt", "app_id", "is_bot", place, definitions.engaged_time_ms().alias("engaged"))
    # The event's own visit does not matter here, so people and bots need no sibling column.
    read = in_populations(engaged).groupBy(*key).agg(f.sum("engaged").alias("engaged_ms"))
    return viewed.join(read, key, "full")


def _with_zeros(table: Table, place: str) -> list[Column]:
    """The columns of a table; a count is 0 instead of null."""
    nullable = {"title_ms", "p50_ms", "p95_ms", "p99_ms", "server_p95_ms"}
    return [
        f.col("dt"),
        *(
            f.coalesce(f.col(column.name), f.lit(0)).alias(column.name)
            if column.type == "bigint" and column.name not in nullable
            else f.col(column.name)
            for column in table.columns
        ),
    ]

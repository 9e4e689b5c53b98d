"""`fact_page_views`: each page view with its place in its visits, its scroll depth and the server's measurement."""

from typing import Final

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as f

from footfall.warehouse.spark import definitions
from footfall.warehouse.tables import FACT_PAGE_VIEWS

_PAGE_VIEW: Final = ("dt", "app_id", "session_id", "page_view_id")


def fact_page_views(events: DataFrame, visits: DataFrame, performance: DataFrame) -> DataFrame:
    """The rows of `FACT_PAGE_VIEWS` and their `dt`. events, visits, performance: the fact tables of the same run."""
    own = _in_order("dt", "app_id", "session_id", "is_bot", "visit_id")
    whole = _in_order("dt", "app_id", "session_id", "visit_id_all")
    placed = (
        events.where(definitions.is_page_view())
        .repartition("session_id")
        .withColumns({**_place(own, ""), **_place(whole, "_all")})
        .withColumn("population", f.when(f.col("is_bot"), "bots").otherwise("people"))
    )
    joined = (
        placed.drop("scroll_pct")
        .join(_scroll_depths(events), list(_PAGE_VIEW), "left")
        .join(_durations(performance), ["dt", "request_id"], "left")
        .join(_engagement(visits.where("population <> 'all'"), ""), ["dt", "population", "visit_id"], "left")
        .join(
            _engagement(visits.where("population = 'all'"), "_all").drop("population"), ["dt", "visit_id_all"], "left"
        )
    )
    return joined.select("dt", *(column.name for column in FACT_PAGE_VIEWS.columns))


def _in_order(*visit: str) -> WindowSpec:
    return Window.partitionBy(*visit).orderBy("seq", "event_id")


def _place(visit: WindowSpec, suffix: str) -> dict[str, Column]:
    return {
        f"is_entry{suffix}": f.row_number().over(visit) == 1,
        f"is_exit{suffix}": f.lead("event_id").over(visit).isNull(),
        f"previous_view_path{suffix}": f.lag("page_path").over(visit),
    }


def _scroll_depths(events: DataFrame) -> DataFrame:
    """The largest scroll depth of each page view, by any of its events."""
    return events.where("scroll_pct IS NOT NULL").groupBy(*_PAGE_VIEW).agg(f.max("scroll_pct").alias("scroll_pct"))


def _durations(performance: DataFrame) -> DataFrame:
    """The duration of each request. Should two lines have one request_id, the shorter duration counts."""
    return performance.groupBy("dt", "request_id").agg(f.min("duration_us").alias("server_us"))


def _engagement(visits: DataFrame, suffix: str) -> DataFrame:
    renamed = (f.col(name).alias(f"{name}{suffix}") for name in ("visit_id", "is_engaged"))
    return visits.select("dt", "population", *renamed)

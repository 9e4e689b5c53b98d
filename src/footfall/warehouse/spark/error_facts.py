"""`fact_errors` and `day_errors`: failures that browsers reported, and those in the sites' error logs."""

from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from footfall.metrics.fingerprints import client_fingerprint
from footfall.warehouse.spark import definitions
from footfall.warehouse.spark.populations import in_populations
from footfall.warehouse.tables import DAY_ERRORS, FACT_ERRORS

# What an error of the server's log takes from the event with its request_id.
_OF_EVENT: Final = ("is_bot", "anonymous_id", "visit_id", "visit_id_all")
_KEY: Final = ("dt", "population", "app_id", "fingerprint")


def fact_errors(events: DataFrame, log_errors: DataFrame) -> DataFrame:
    """The rows of `FACT_ERRORS` and their `dt`. events, log_errors: `fact_events` and `fact_log_errors`."""
    names = ["dt", *(column.name for column in FACT_ERRORS.columns)]
    return _of_browsers(events).select(*names).unionByName(_of_servers(events, log_errors).select(*names))


def day_errors(errors: DataFrame, visits: DataFrame) -> DataFrame:
    """The rows of `DAY_ERRORS` and their `dt`. errors, visits: `fact_errors` and `fact_visits`."""
    counted = visits.select("dt", "population", "visit_id", f.lit(True).alias("is_visit"))
    of_population = in_populations(errors).join(counted, ["dt", "population", "visit_id"], "left")
    figures = of_population.groupBy(*_KEY).agg(
        f.max_by(
            f.struct("origin", "error_code", "message", f.col("request_id").alias("sample_request_id")),
            f.struct("at_ms", "error_key"),
        ).alias("latest"),
        f.count(f.lit(1)).alias("errors"),
        f.count_distinct("anonymous_id").alias("visitors"),
        f.count_distinct(f.when(f.col("is_visit"), f.col("visit_id"))).alias("visits"),
        f.min("at_ms").alias("first_ms"),
        f.max("at_ms").alias("last_ms"),
    )
    by_page = of_population.groupBy(*_KEY, "page_path").agg(f.count(f.lit(1)).alias("times"))
    order = f.struct(-f.col("times"), f.col("page_path").isNull(), "page_path")
    pages = by_page.groupBy(*_KEY).agg(f.min_by("page_path", order).alias("page_path"))
    joined = figures.join(pages, list(_KEY)).select("*", "latest.*")
    return joined.select("dt", *(column.name for column in DAY_ERRORS.columns))


def _of_browsers(events: DataFrame) -> DataFrame:
    fingerprint = f.udf(lambda app_id, code, message: client_fingerprint(app_id, code, message), returnType="string")
    return events.where(definitions.is_error_event()).select(
        "*",
        f.lit("client").alias("origin"),
        f.concat_ws("/", "session_id", "event_id").alias("error_key"),
        fingerprint("app_id", "error_code", "error_message").alias("fingerprint"),
        f.col("error_message").alias("message"),
        f.col("event_ms").alias("at_ms"),
    )


def _of_servers(events: DataFrame, log_errors: DataFrame) -> DataFrame:
    request = ["dt", "request_id"]
    # A page view is preferred, then the first event.
    order = f.struct(~definitions.is_page_view(), "event_ms", "session_id", "event_id")
    causes = (
        events.join(log_errors.select(*request).distinct(), request, "left_semi")
        .groupBy(*request)
        .agg(f.min_by(f.struct(*_OF_EVENT), order).alias("event"))
    )
    return log_errors.join(causes, request, "left").select(
        *(name for name in log_errors.columns),
        f.lit("server").alias("origin"),
        f.col("request_id").alias("error_key"),
        f.col("error_class").alias("error_code"),
        f.col("logged_ms").alias("at_ms"),
        f.coalesce("event.is_bot", f.lit(False)).alias("is_bot"),
        *(f.col(f"event.{name}").alias(name) for name in _OF_EVENT[1:]),
    )

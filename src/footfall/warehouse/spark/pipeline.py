"""Makes all tables of the job, each from those before it."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from footfall.hdfs import HdfsUnavailable
from footfall.lake.layout import Files
from footfall.streaming.parquet import Uri
from footfall.warehouse import tables
from footfall.warehouse.manifest import Manifest
from footfall.warehouse.spark import audiences, error_facts, events, journeys, page_views, pages, summary, visits
from footfall.warehouse.spark.inputs import Inputs
from footfall.warehouse.spark.staging import Staging
from footfall.warehouse.tables import Table

MADE: Final = tuple(table for table in tables.TABLES if table.writer == "spark")
# Merges follow each other by at least a minute, so a second or third list of the archive holds.
_ATTEMPTS: Final = 4
_GONE: Final = ("FILE_NOT_EXIST", "FileNotFoundException", "PATH_NOT_FOUND")

# Called with the name of what was made, and the seconds that it took.
Progress = Callable[[str, float], None]


def make(
    spark: SparkSession,
    files: Files,
    uri: Uri,
    manifest: Manifest,
    days: Sequence[str],
    own_hosts: Mapping[str, Collection[str]],
    progress: Progress,
) -> None:
    """Writes every table of `MADE` for the days (YYYY-MM-DD).

    uri: turns an HDFS path into a URI for Spark. own_hosts: by site, as in `metrics.sources.source`.
    Raises HdfsUnavailable, ArchiveRefused and InputMissing, and Spark's errors.
    """
    inputs = Inputs(spark, files, uri, manifest, days)
    staging = Staging(spark, files, uri, manifest.run)

    def write(table: Table, rows: DataFrame) -> DataFrame:
        began = time.monotonic()
        written = staging.write(table, rows)
        progress(table.name, time.monotonic() - began)
        return written

    began = time.monotonic()
    event = _fact_events(inputs, staging, manifest)
    progress(tables.FACT_EVENTS.name, time.monotonic() - began)
    visit = write(tables.FACT_VISITS, visits.fact_visits(event, own_hosts))
    performance, log_errors = inputs.of_logs(tables.FACT_PERFORMANCE), inputs.of_logs(tables.FACT_LOG_ERRORS)
    view = write(tables.FACT_PAGE_VIEWS, page_views.fact_page_views(event, visit, performance))
    error = write(tables.FACT_ERRORS, error_facts.fact_errors(event, log_errors))
    visitors = visits.visitors_of_visits(view)
    write(tables.VISITOR_DAYS, summary.visitor_days(event))
    write(tables.DAY_SUMMARY, summary.day_summary(event, visit))
    write(tables.DAY_PAGES, pages.day_pages(event, view))
    write(tables.DAY_SECTIONS, pages.day_sections(event, view))
    write(tables.DAY_PATHS, journeys.day_paths(visit))
    write(tables.DAY_TRANSITIONS, journeys.day_transitions(view))
    write(tables.DAY_GEOGRAPHY, audiences.day_geography(visit, visitors))
    write(tables.DAY_PROFILES, audiences.day_profiles(visit, visitors))
    write(tables.DAY_ERRORS, error_facts.day_errors(error, visit))
    began = time.monotonic()
    staging.publish(MADE, days)
    progress("publication", time.monotonic() - began)


def _fact_events(inputs: Inputs, staging: Staging, manifest: Manifest) -> DataFrame:
    """Reads the archive and stages `fact_events`; lists the archive anew if a file is gone meanwhile."""
    profiles = inputs.profiles()
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            archived, parts = inputs.archived()
            rows = events.fact_events(archived, manifest.archive_ends, profiles, parts)
            return staging.write(tables.FACT_EVENTS, rows, in_place=True)
        except (PySparkException, Py4JJavaError) as error:
            if attempt == _ATTEMPTS or not any(sign in str(error) for sign in _GONE):
                raise
    raise HdfsUnavailable("The files of the archive kept changing.")

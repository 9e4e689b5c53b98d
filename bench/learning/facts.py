"""The facts of the history: made by the warehouse's own Spark plans on local files, and read by DuckDB.

Learning reads three tables of facts, so only these are made. The sites' logs are left out, since no feature uses them.
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb
from pyspark.sql import SparkSession

from footfall.runtime.java import java_home
from footfall.settings import Settings
from footfall.streaming import spark_session
from footfall.warehouse.manifest import Manifest
from footfall.warehouse.spark import events, page_views, session, visits
from footfall.warehouse.spark.inputs import Inputs
from footfall.warehouse.spark.staging import Staging
from footfall.warehouse.tables import DATABASE, FACT_EVENTS, FACT_PAGE_VIEWS, FACT_PERFORMANCE, FACT_VISITS, Table
from tests.support.local_files import LocalFiles

RUN: Final = "20261129T000000-0000"
_TABLES: Final = (FACT_EVENTS, FACT_VISITS, FACT_PAGE_VIEWS)
# As much as a job of the warehouse takes at once with its memory.
_DAYS_AT_ONCE: Final = 7
_HEAP_MB: Final = 1536
# Of events that are read; all offsets lie below.
_END: Final = 1 << 62


def make(settings: Settings, folder: Path, days: Sequence[str]) -> None:
    """Makes the tables of the days from the archive in the folder, week by week."""
    files = LocalFiles(folder)
    ends = {str(partition): _END for partition in range(8)}
    manifest = Manifest(RUN, list(days), 0, ends, {}, {})
    with _spark(settings) as spark:
        for first in range(0, len(days), _DAYS_AT_ONCE):
            _make(spark, files, manifest, days[first : first + _DAYS_AT_ONCE])


def _make(spark: SparkSession, files: LocalFiles, manifest: Manifest, days: Sequence[str]) -> None:
    inputs, staging = Inputs(spark, files, files.uri, manifest, days), Staging(spark, files, files.uri, manifest.run)
    archived, parts = inputs.archived()
    rows = events.fact_events(archived, manifest.archive_ends, inputs.profiles(), parts)
    event = staging.write(FACT_EVENTS, rows, in_place=True)
    visit = staging.write(FACT_VISITS, visits.fact_visits(event, {}))
    staging.write(FACT_PAGE_VIEWS, page_views.fact_page_views(event, visit, inputs.of_logs(FACT_PERFORMANCE)))
    staging.publish(_TABLES, days)


class Facts:
    """Answers the SELECTs of `learning.extracts` on the tables in a folder, as Hive does on those in HDFS."""

    def __init__(self, folder: Path) -> None:
        self._connection = duckdb.connect(config={"threads": len(os.sched_getaffinity(0)), "memory_limit": "3GB"})
        self._connection.execute(f"CREATE SCHEMA {DATABASE}")
        for table in _TABLES:
            self._connection.execute(f"CREATE VIEW {DATABASE}.{table.name}_runs AS {_selected(folder, table)}")

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        """The rows of a SELECT."""
        return self._connection.execute(select).fetchall()


def _selected(folder: Path, table: Table) -> str:
    pattern = f"{folder}{table.folder}/dt=*/run=*/*.parquet"
    types = "hive_partitioning = true, hive_types = {'dt': VARCHAR, 'run': VARCHAR}"
    return f"SELECT * FROM read_parquet('{pattern}', {types})"


@contextmanager
def _spark(settings: Settings) -> Iterator[SparkSession]:
    """Spark in this process with the settings of the warehouse's job, on all cores."""
    with tempfile.TemporaryDirectory(prefix="spark-") as scratch:
        os.environ |= {"JAVA_HOME": str(java_home(settings)), "SPARK_LOCAL_IP": "127.0.0.1"}
        os.environ["PYSPARK_PYTHON"] = sys.executable
        options = {
            **spark_session.common(),
            **session.common(),
            "spark.driver.memory": f"{_HEAP_MB}m",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            # As the job: a few minutes are too short for the optimizing compiler.
            "spark.driver.extraJavaOptions": f"{spark_session.JVM} -XX:TieredStopAtLevel=1 -Djava.io.tmpdir={scratch}",
            "spark.local.dir": scratch,
        }
        builder = SparkSession.builder.appName("evaluation").master("local[*]")
        for name, value in options.items():
            builder = builder.config(name, value)
        spark = builder.getOrCreate()
        spark.sparkContext.setLogLevel("ERROR")
        try:
            yield spark
        finally:
            spark.stop()

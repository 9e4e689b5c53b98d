"""The job as data, and its command line."""

from datetime import date
from pathlib import Path

from footfall.jobs.model import Request
from footfall.settings import Settings
from footfall.streaming import spark_session
from footfall.warehouse import tables
from footfall.warehouse.spark import memory, session
from footfall.warehouse.spark.job import EVENTS

RUN = "20261124T030000-00ab"


def test_the_job_runs_the_client_for_its_days(tmp_path: Path) -> None:
    request = Request(RUN, (date(2026, 11, 23), date(2026, 11, 24)))
    command = EVENTS.command(Settings(home=tmp_path), request)
    assert command[1:] == ["-m", "footfall.warehouse.spark.run", RUN, "2026-11-23", "2026-11-24"]
    assert set(EVENTS.outputs) == {table.name for table in tables.TABLES if table.writer == "spark"}


def test_the_job_asks_for_what_it_needs(tmp_path: Path) -> None:
    assert memory.MASTER_MB == spark_session.MASTER_CONTAINER_MB
    assert EVENTS.memory_mb <= 4096
    options = session.options(Settings(home=tmp_path), "footfall-events-x", tmp_path)
    assert options["spark.yarn.tags"] == "footfall-events-x"
    assert options["spark.yarn.queue"] == "batch"
    assert options["spark.driver.bindAddress"] == options["spark.executorEnv.SPARK_LOCAL_IP"] == "127.0.0.1"
    # Hive and Pig have no native library for the archive's compression.
    assert options["spark.sql.parquet.compression.codec"] == "snappy"

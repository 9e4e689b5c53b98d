"""The job `events` as data."""

from typing import Final

from footfall.jobs.model import Job, python_client
from footfall.warehouse import tables
from footfall.warehouse.spark.memory import TOTAL_MB

NAME: Final = "events"

EVENTS: Final = Job(
    name=NAME,
    title="events, visits and the figures of days",
    engine="spark",
    inputs=("/events", "profiles_history", tables.FACT_PERFORMANCE.name, tables.FACT_LOG_ERRORS.name),
    outputs=tuple(table.name for table in tables.TABLES if table.writer == "spark"),
    memory_mb=TOTAL_MB,
    # A day of a million events takes a few minutes; seven of them, and an executor that YARN replaced, fit as well.
    timeout_s=3600,
    heavy=True,
    command=python_client("footfall.warehouse.spark.run"),
)

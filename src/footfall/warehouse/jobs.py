"""All batch jobs, in the order in which a run executes them."""

import sys
from typing import Final

from footfall.jobs.model import Job, Request
from footfall.settings import Settings
from footfall.warehouse.pig.job import JOB as LOGS
from footfall.warehouse.spark.job import EVENTS
from footfall.warehouse.sqoop.job import PROFILES_JOB
from footfall.warehouse.tables import TABLES


def _register(_: Settings, request: Request) -> list[str]:
    days = [day.isoformat() for day in request.days]
    return [sys.executable, "-m", "footfall.warehouse.register", request.run, *days]


REGISTER: Final = Job(
    name="register",
    title="the run's tables in Hive",
    engine="hive",
    inputs=tuple(table.name for table in TABLES if table.writer != "audit"),
    outputs=("the metastore",),
    memory_mb=128,
    timeout_s=300,
    most_days=90,
    command=_register,
)
JOBS: Final = (PROFILES_JOB, LOGS, EVENTS, REGISTER)
BY_NAME: Final = {job.name: job for job in JOBS}

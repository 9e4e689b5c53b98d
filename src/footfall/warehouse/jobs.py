"""All batch jobs, in the order in which a run executes them."""

from typing import Final

from footfall.jobs.model import Job, python_client
from footfall.warehouse.pig.job import JOB as LOGS
from footfall.warehouse.spark.job import EVENTS
from footfall.warehouse.sqoop.job import PROFILES_JOB
from footfall.warehouse.tables import TABLES

REGISTER: Final = Job(
    name="register",
    title="the run's tables in Hive",
    engine="hive",
    inputs=tuple(table.name for table in TABLES if table.writer != "audit"),
    outputs=("the metastore",),
    memory_mb=128,
    timeout_s=300,
    most_days=90,
    command=python_client("footfall.warehouse.register"),
)
JOBS: Final = (PROFILES_JOB, LOGS, EVENTS, REGISTER)
BY_NAME: Final = {job.name: job for job in JOBS}

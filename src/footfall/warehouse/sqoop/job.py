"""The job `profiles` as data."""

from typing import Final

from footfall.jobs.model import Job, python_client
from footfall.warehouse.profiles import PROFILES, PROFILES_HISTORY
from footfall.warehouse.sqoop import extracts, importing

PROFILES_JOB: Final = Job(
    name=importing.JOB_NAME,
    title="People of the CRM and their history",
    engine="sqoop",
    inputs=("crm.people_versions_extract",),
    outputs=(extracts.ROOT, PROFILES_HISTORY.name, PROFILES.name),
    # Sqoop's container and its client, or later Spark in the client's process; each takes less.
    memory_mb=1024,
    # Its container may have to wait until Pig's has ended.
    timeout_s=900,
    # It takes people as they are now, whatever the days are.
    most_days=10_000,
    command=python_client("footfall.warehouse.sqoop.run"),
)

"""The job `logs`: Pig makes the tables of log lines and of rejected events."""

from typing import Final

from footfall.jobs.model import Job, python_client
from footfall.warehouse.pig.script import PIG_TABLES

# The container and the client.
_MEMORY_MB: Final = 1024 + 384

JOB: Final = Job(
    name="logs",
    title="log lines and rejected events to tables",
    engine="pig",
    inputs=("/logs", "/events_rejected"),
    outputs=tuple(PIG_TABLES),
    memory_mb=_MEMORY_MB,
    # The lines of a million events take a minute of processor time, and the job yields to the live path.
    timeout_s=3600,
    heavy=True,
    command=python_client("footfall.warehouse.pig.run"),
)

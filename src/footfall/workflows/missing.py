"""Starts the workflow for missing days: those that are archived and not published."""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Final

from footfall.settings import Settings
from footfall.workflows.client import Airflow, RunState
from footfall.workflows.day_ranges import consecutive
from footfall.workflows.errors import AirflowRefused
from footfall.workflows.follow import trigger
from footfall.workflows.names import BACKFILL, DAILY

MOST_DAYS: Final = 7


def trigger_missing(settings: Settings, missing: Sequence[date], once_per: str) -> RunState | None:
    """Starts a run for missing days that follow each other, the oldest first, at most seven. Does not wait for it.

    once_per: a range that was tried is not tried again until this text changes, such as with the next `up`.
    Returns None if nothing is missing, a run is under way, or everything was tried.
    Raises AirflowUnavailable and AirflowRefused.
    """
    airflow = Airflow(settings)
    if not missing or any(airflow.unfinished(workflow) for workflow in (DAILY, BACKFILL)):
        return None
    mark = hashlib.sha256(once_per.encode()).hexdigest()[:8]
    for days in consecutive(missing, MOST_DAYS):
        try:
            return trigger(airflow, days, f"missing__{days[0]}__{days[-1]}__{mark}")
        except AirflowRefused as error:
            if error.status != 409:  # there is a run with this id
                raise
    return None

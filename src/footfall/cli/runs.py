"""What verbs about runs share: options that name days and a run, and whether the warehouse runs at all."""

from collections.abc import Sequence
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING

from footfall.cli.output import fail, print_json, wrong_use
from footfall.cluster.supervision import lifecycle
from footfall.cluster.supervision import run as supervision
from footfall.events.times import utc_day
from footfall.jobs.model import RUN_ID
from footfall.settings import Settings
from footfall.warehouse import days as day_list
from footfall.warehouse.errors import DaysRefused

if TYPE_CHECKING:
    from footfall.workflows.follow import Outcome


def days_of(day: str | None, first: str | None, last: str | None, kept_days: int | None = None) -> tuple[date, ...]:
    """The UTC days of a verb's options. Ends the verb with exit status 2 if they are wrong or not over yet.

    kept_days: a day that is older than this is refused as well; None: none is.
    """
    if day is not None and (first is not None or last is not None):
        wrong_use("Give either --date, or --from and --to.")
    if day is None and (first is None or last is None):
        wrong_use("Give --date DAY, or both --from DAY and --to DAY.")
    begin, end = _parsed(day or first or ""), _parsed(day or last or "")
    try:
        return day_list.span(begin, end, datetime.now(timezone.utc).date(), kept_days)
    except DaysRefused as error:
        wrong_use(str(error))


def days_to_run(day: str | None, first: str | None, last: str | None) -> Sequence[date]:
    """The UTC days of a verb's options whose events HDFS keeps. Ends the verb with exit status 2 as `days_of`."""
    return days_of(day, first, last, supervision.recall().retention.hdfs_events_days)


def check_run(run: str) -> None:
    """Ends the verb with exit status 2 if this is not the id of a run."""
    if not RUN_ID.fullmatch(run):
        wrong_use(f"{run!r} is not the id of a run, such as 20261129T020000-1a2b.")


def running() -> Settings:
    """The settings of the running warehouse. Ends the verb with exit status 1 if it does not run."""
    settings = supervision.recall()
    if "hive-server2" not in lifecycle.requested(settings):
        fail("The warehouse is not running. Start it with `./footfall up`.")
    return settings


def end(outcome: "Outcome", json: bool) -> None:
    """Prints the outcome of a run of Airflow. Ends the verb with exit status 1 if the run failed."""
    if json:
        print_json(outcome.document())
    if not outcome.succeeded:
        fail(outcome.sentence)


def _parsed(text: str) -> date:
    try:
        return utc_day(text)
    except ValueError:
        wrong_use(f"{text!r} is not a UTC day such as 2026-11-24.")

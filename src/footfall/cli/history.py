"""`./footfall history`: generates visits and site logs for past days."""

from datetime import date, datetime, timezone
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from footfall.cli.output import fail, print_json, print_table, stderr, stdout, wrong_use
from footfall.cluster.engines.sites import demo_is_off
from footfall.cluster.supervision import lifecycle, run
from footfall.history import planted_truth
from footfall.history.day_profile import days_before
from footfall.history.run import MOST_DAYS, HistoryError, Made, make, wanted_events
from footfall.runtime import disk_mark
from footfall.settings import Settings
from footfall.workflows.follow import Outcome, trigger_and_follow

_EVENTS: tuple[int, int] = (100, 1_000_000)
_USERS: tuple[int, int] = (100, 10_000_000)
_STRENGTHS: tuple[int, int] = (0, 3)
_NEEDED = ("kafka", "flume")


def history(
    days: Annotated[
        int, typer.Option("--days", help=f"Number of days to generate, ending yesterday (UTC); 1 to {MOST_DAYS}.")
    ],
    users: Annotated[
        int | None, typer.Option("--users", help="Population of each site. Default: the setting `population`.")
    ] = None,
    events_per_day: Annotated[
        int, typer.Option("--events-per-day", help="Events of all sites on an ordinary day.")
    ] = 50_000,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of the simulation. Default: the setting `seed`.")
    ] = None,
    repeats: Annotated[
        bool,
        typer.Option("--repeats/--no-repeats", help="Whether visits may be repetitions of other people's."),
    ] = True,
    taste_strength: Annotated[
        float | None,
        typer.Option("--taste-strength", help="How strongly people follow their tastes. Default: the setting."),
    ] = None,
    groups: Annotated[
        bool | None,
        typer.Option("--groups/--no-groups", help="Whether people belong to planted groups. Default: the setting."),
    ] = None,
    lists: Annotated[
        bool,
        typer.Option("--lists/--no-lists", help="Whether people see the lists that learning found for them."),
    ] = False,
    truth: Annotated[
        Path | None,
        typer.Option("--planted-truth", help="A CSV file to be written with the planted group of each person."),
    ] = None,
    batch: Annotated[
        bool, typer.Option("--batch/--no-batch", help="Also make the days' tables with Airflow, and wait for that.")
    ] = True,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Generate visits and log lines for past days, and make their tables. Repeating it adds no duplicates."""
    if not 1 <= days <= MOST_DAYS:
        wrong_use(f"--days must be from 1 to {MOST_DAYS}, not {days}. HDFS keeps events for that long.")
    _check("--events-per-day", events_per_day, _EVENTS)
    if users is not None:
        _check("--users", users, _USERS)
    if taste_strength is not None:
        _check("--taste-strength", taste_strength, _STRENGTHS)
    settings = run.recall()
    if reason := demo_is_off(settings):
        fail(f"A history is one of the demo sites, and {reason}.")
    needed = (*_NEEDED, "hbase-thrift") if lists else _NEEDED
    missing = [name for name in needed if name not in lifecycle.requested(settings)]
    if missing:
        fail(f"{', '.join(missing)} must run for this. Start Footfall with `./footfall up`.")
    if disk_mark.is_low(settings):
        fail("The disk is nearly full (`./footfall doctor` says how full). Free some space first.")
    given = {"population": users, "seed": seed, "taste_strength": taste_strength, "planted_groups": groups}
    settings = settings.model_copy(update={name: value for name, value in given.items() if value is not None})
    if truth is not None:
        _write_truth(settings, truth)
    today = datetime.now(timezone.utc).date()
    dates = days_before(today, days)
    try:
        with _ProgressBars(wanted_events(settings, dates, events_per_day)) as bars:
            made = make(settings, dates, today, events_per_day, bars.update, repeats, lists)
    except HistoryError as error:
        fail(str(error))
    except KeyboardInterrupt:
        stderr.print(
            "Interrupted. Run the same command again to complete the days; it adds no duplicates.", markup=False
        )
        raise
    document = made.document()
    outcome = _run_batch(settings, dates) if batch else None
    if json:
        print_json(document | ({"batch": outcome.document()} if outcome is not None else {}))
    else:
        _print(document)
    if outcome is not None and not outcome.succeeded:
        fail(f"The days were generated, but their tables were not made: {outcome.sentence}")


def _write_truth(settings: Settings, file: Path) -> None:
    if not settings.planted_groups or settings.taste_strength == 0:
        wrong_use("--planted-truth needs planted groups: add --groups, and a taste strength above 0.")
    try:
        planted_truth.write(settings, file)
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.")


def _run_batch(settings: Settings, days: list[date]) -> Outcome | None:
    """Makes the tables of the days, if the warehouse runs."""
    if "airflow-scheduler" not in lifecycle.requested(settings):
        stderr.print("Airflow does not run in this profile, so no tables were made of these days.")
        return None
    return trigger_and_follow(settings, days, lambda line: stderr.print(line, markup=False))


def _print(document: dict[str, Any]) -> None:
    print_table(("dt", "events", "log_lines"), document["days"])
    stdout.print(
        f"{document['events']} events in {document['seconds']:.1f} s ({document['events_per_s']:.0f} per second).",
        markup=False,
    )


class _ProgressBars:
    """Shows the progress on stderr."""

    def __init__(self, events: int) -> None:
        self._bars = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=stderr
        )
        # Visits are not cut off where a day has enough events, so a few more come.
        self._wanted = events
        self._events = self._bars.add_task("events", total=events)
        self._files = self._bars.add_task("log files that Flume still has to read", total=None, visible=False)

    def __enter__(self) -> "_ProgressBars":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def update(self, made: Made) -> None:
        """Updates the progress bars."""
        stored = sum(made.events.values())
        self._bars.update(self._events, completed=stored, total=max(self._wanted, stored))
        self._bars.update(self._files, completed=made.files_left, visible=made.files_left > 0)


def _check(option: str, value: float, bounds: tuple[int, int]) -> None:
    low, high = bounds
    if not low <= value <= high:
        wrong_use(f"{option} must be from {low} to {high}, not {value}.")

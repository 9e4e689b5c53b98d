"""`./footfall job`: lists, runs and cancels single batch jobs, and prints their logs. Airflow's tasks call it."""

import os
from datetime import date as day_type
from datetime import datetime, timezone
from typing import Annotated, Final

import typer

from footfall.cli import output
from footfall.cli.runs import check_run, days_of
from footfall.cluster.supervision import run as supervision
from footfall.hdfs import Hdfs
from footfall.jobs import execution
from footfall.jobs.model import Job, Request, pieces
from footfall.lake.layout import Files
from footfall.learning import jobs as learning
from footfall.learning import runs
from footfall.settings import load_settings
from footfall.warehouse import jobs as warehouse
from footfall.warehouse import manifest, published
from footfall.warehouse.preparation import new_run
from footfall.warehouse.sqoop.job import PROFILES_JOB
from footfall.warehouse.tables import TABLES

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)

_JOBS: Final = (*warehouse.JOBS, *learning.JOBS)
_BY_NAME: Final = {job.name: job for job in _JOBS}
_Run = Annotated[
    str, typer.Option("--run", help="Id of the run that the job belongs to; see `./footfall batch prepare`.")
]


@app.callback()
def main() -> None:
    """List, run and cancel single batch jobs, and read their logs."""


@app.command("list")
def list_jobs(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """List the jobs, and what ran last."""
    settings = load_settings()
    jobs = [
        {
            "job": job.name,
            "engine": job.engine,
            "memory_mb": job.memory_mb,
            "heavy": job.heavy,
            "inputs": list(job.inputs),
            "outputs": list(job.outputs),
        }
        for job in _JOBS
    ]
    ran = [
        {
            "job": one.job,
            "run": one.run,
            "days": f"{one.days[0]} to {one.days[-1]}" if len(one.days) > 1 else "".join(one.days),
            "state": one.state,
            "started_at": _time(one.started_s),
            "seconds": None if one.ended_s is None else round(one.ended_s - one.started_s, 1),
            "sentence": one.sentence,
        }
        for one in execution.executions(settings)
    ]
    if json:
        output.print_json({"jobs": jobs, "executions": ran})
        return
    output.print_table(("job", "engine", "memory_mb", "heavy"), jobs)
    if ran:
        output.stdout.print()
        output.print_table(("job", "run", "days", "state", "started_at", "seconds", "sentence"), ran[:20])


@app.command("run")
def run_job(
    name: Annotated[str, typer.Argument(help="Name of a job, as `./footfall job list` prints it.")],
    run: Annotated[
        str | None,
        typer.Option("--run", help="Id of the run that the job belongs to; `profiles` alone gets a new one."),
    ] = None,
    date: Annotated[str | None, typer.Option("--date", help="A UTC day; all days of the run if left out.")] = None,
    first: Annotated[str | None, typer.Option("--from", help="The first UTC day.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="The last UTC day, included.")] = None,
) -> None:
    """Run one job for the days of a run or for some of them, and wait until it has ended."""
    job = _job(name)
    if run is not None:
        check_run(run)
    given = () if (date, first, last) == (None, None, None) else days_of(date, first, last)
    settings = supervision.recall()
    if run is None:
        if job is not PROFILES_JOB:
            output.wrong_use(f"{name} needs --run RUN. `./footfall batch prepare --date DAY` begins a run.")
        # It takes people as they are now.
        request = Request(new_run(), given or (datetime.now(timezone.utc).date(),))
        execution.execute(settings, job, request, output.report)
        return
    files = Hdfs(settings)
    days = _of_run(files, job, run, given)
    writes_days = not set(job.outputs).isdisjoint(table.name for table in TABLES)
    if writes_days and run in {one.run for one in published.read(files).values()}:
        output.fail(f"The run {run} is published, so its tables stay. Start a new run with `./footfall batch`.")
    for piece in pieces(days, job.most_days):
        execution.execute(settings, job, Request(run, piece), output.report)


@app.command()
def cancel(name: Annotated[str, typer.Argument(help="Name of a job.")], run: _Run) -> None:
    """End a running job and its YARN applications."""
    check_run(run)
    ended = execution.cancel(supervision.recall(), _job(name).name, run)
    output.report(f"{name} was ended." if ended else f"{name} of the run {run} is not running.")


@app.command()
def logs(
    name: Annotated[str, typer.Argument(help="Name of a job.")],
    run: _Run,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Keep printing new lines.")] = False,
    lines: Annotated[int, typer.Option("-n", min=1, help="Number of lines to print from the end.")] = 100,
) -> None:
    """Print the last lines of a job's log."""
    check_run(run)
    path = execution.log_path(load_settings(), _job(name).name, run)
    if not path.exists():
        output.fail(f"{name} has no log of the run {run}.")
    command = ["tail", "-n", str(lines), *(["-F"] if follow else []), str(path)]
    os.execvp(command[0], command)  # noqa: S606 - a fixed program


def _of_run(files: Files, job: Job, run: str, given: tuple[day_type, ...]) -> tuple[day_type, ...]:
    """The days for which the job runs: those of the run, or those that are also given."""
    if job in learning.JOBS:
        # The days are those of the window, which the first job of the run records.
        return given or runs.window(files, run)
    known = manifest.load(files, run).dates
    # A range may contain days that the run left out because they have no data.
    days = tuple(day for day in known if not given or day in given)
    if not days:
        output.wrong_use(f"The run {run} has none of these days. Its days are {', '.join(map(str, known))}.")
    return days


def _job(name: str) -> Job:
    output.check_known("job", name, _BY_NAME)
    return _BY_NAME[name]


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"

"""`./footfall learn`: learns from past days through Airflow. `prepare` is the step that Airflow's first task calls."""

from collections.abc import Collection
from datetime import date as day_type
from datetime import datetime, timezone
from typing import Annotated

import typer

from footfall.cli import output
from footfall.cli.runs import days_of, end, running
from footfall.hdfs import Hdfs
from footfall.learning import preparation
from footfall.learning.errors import TooLittleData
from footfall.settings import Settings
from footfall.warehouse import published
from footfall.warehouse.preparation import new_run

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

_Date = Annotated[
    str | None,
    typer.Option("--date", help="The last UTC day to learn from; the newest published one if left out."),
]
_Models = Annotated[
    str,
    typer.Option("--models", help="new: choose the models anew. due: only those that are too old or missing."),
]

_NEW = "new"
_CHOICES = ("due", _NEW)


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    date: _Date = None,
    models: _Models = "due",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Learn segments and recommendations from past days, check and publish them."""
    if context.invoked_subcommand is not None:
        return
    last = _checked(date, models)
    settings = running()
    try:
        # A run of Airflow would find out as well, but only after half a minute, and stay as a failed one.
        _published_up_to(settings, last)
    except TooLittleData as error:
        output.wrong_use(str(error))
    from footfall.workflows.follow import learn_and_follow

    end(learn_and_follow(settings, last, models, output.report), json)


@app.command()
def prepare(
    date: _Date = None,
    models: _Models = "due",
    unless_learned: Annotated[
        bool, typer.Option("--unless-learned", help="Print null if something is published for this window.")
    ] = False,
) -> None:
    """Begin a run; print its id and its window of days as JSON."""
    last = _checked(date, models)
    settings = running()
    files = Hdfs(settings)
    try:
        days = preparation.window(_published_up_to(settings, last), last, settings.learning.window_days)
        if unless_learned and preparation.is_learned(files, days[-1]):
            output.report(f"The days up to {days[-1]} were learned from before.")
            output.print_json(None)
            return
        plan = preparation.prepare(files, new_run(), days, settings.learning, new_models=models == _NEW)
    except TooLittleData as error:
        # Another try would end the same way.
        output.wrong_use(str(error))
    output.report(f"The run {plan.run} learns from {plan.first} to {plan.dt}. {plan.note}")
    output.print_json({"from": str(days[0]), "to": str(days[-1]), "run": plan.run})


def _published_up_to(settings: Settings, last: day_type | None) -> Collection[day_type]:
    """The published days. Raises TooLittleData if none of them ends the window."""
    files = Hdfs(settings)
    known = published.read(files)
    today = datetime.now(timezone.utc).date()
    preparation.check_published(files, known, last, today, settings.retention.hdfs_events_days)
    return known


def _checked(date: str | None, models: str) -> day_type | None:
    output.check_known("choice of models", models, _CHOICES)
    return None if date is None else days_of(date, None, None)[0]

"""`./footfall batch`: runs past days through Airflow. Its commands are the steps that Airflow's tasks call."""

from datetime import date as date_type
from datetime import datetime, timezone
from typing import Annotated

import typer

from footfall.cli import output
from footfall.cli.runs import check_run, days_to_run, end, running
from footfall.hdfs import Hdfs
from footfall.warehouse import audit as audits
from footfall.warehouse import days as day_list
from footfall.warehouse import preparation, published
from footfall.warehouse.errors import NothingArrived
from footfall.warehouse.publish import publish as publish_run

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

_Date = Annotated[str | None, typer.Option("--date", help="A UTC day that is over.")]
_First = Annotated[str | None, typer.Option("--from", help="The first UTC day.")]
_Last = Annotated[str | None, typer.Option("--to", help="The last UTC day, included.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Run = Annotated[str, typer.Option("--run", help="Id of a run.")]


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context, date: _Date = None, first: _First = None, last: _Last = None, json: _Json = False
) -> None:
    """Run past days, check them and publish them."""
    if context.invoked_subcommand is not None:
        return
    days = days_to_run(date, first, last)
    settings = running()
    try:
        # A run of Airflow would find out as well, but only after half a minute, and stay as a failed one.
        days = preparation.look_first(settings, days, output.report)
    except NothingArrived as error:
        output.wrong_use(f"{error}{day_list.made_by_history(days[0], _today())}")
    from footfall.workflows.follow import trigger_and_follow

    end(trigger_and_follow(settings, days, output.report), json)


@app.command()
def prepare(
    date: _Date = None,
    first: _First = None,
    last: _Last = None,
    unless_empty: Annotated[
        bool, typer.Option("--unless-empty", help="Print null, and do not fail, if the days have no data.")
    ] = False,
    json: _Json = False,
) -> None:
    """Wait until the data of the days has arrived, and begin a run; print its id, or its id and days as JSON."""
    days = days_to_run(date, first, last)
    try:
        taken = preparation.prepare(running(), days, preparation.new_run(), output.report)
    except NothingArrived as error:
        if not unless_empty:
            output.wrong_use(str(error))
        output.report(str(error))
        output.print_json(None)
        return
    if json:
        output.print_json({"from": taken.days[0], "to": taken.days[-1], "run": taken.run})
    else:
        output.stdout.print(taken.run)


@app.command()
def audit(run: _Run, json: _Json = False) -> None:
    """Check the tables of a run before it is published."""
    check_run(run)
    verdicts = audits.audit(running(), run)
    if json:
        output.print_json([{"day": str(one.day), "blocks": one.blocks, "warnings": one.warnings} for one in verdicts])
    for verdict in verdicts:
        for sentence in verdict.warnings:
            output.report(f"{verdict.day}: warning: {sentence}")
        for sentence in verdict.blocks:
            output.report(f"{verdict.day}: failed: {sentence}")
    if passed := [str(verdict.day) for verdict in verdicts if not verdict.blocks]:
        output.report(f"{', '.join(passed)} passed the checks.")
    if verdicts and all(verdict.blocks for verdict in verdicts):
        output.fail(f"No day of the run {run} passed its checks; the published days stay as they are.")


@app.command()
def publish(run: _Run) -> None:
    """Publish the days of a run that passed their checks."""
    check_run(run)
    settings = running()
    verdicts = audits.verdicts_of(Hdfs(settings), run)
    days = publish_run(settings, run, verdicts)
    for day in days:
        output.report(f"{day} is published.")
    if failed := [str(one.day) for one in verdicts if one.blocks]:
        output.fail(
            f"{', '.join(failed)} did not pass and is not published: see `./footfall batch audit --run {run}` and the "
            "table offending_rows."
        )


@app.command()
def dirty(json: _Json = False) -> None:
    """List the days to run: archived and not published, or published without data that arrived later."""
    settings = running()
    hdfs = Hdfs(settings)
    known = published.read(hdfs)
    absent = day_list.missing(hdfs, known, _today(), settings.retention.hdfs_events_days)
    late = day_list.dirty(hdfs, {day: one.run for day, one in known.items()})
    if json:
        output.print_json({"missing": [str(day) for day in absent], "dirty": [str(day) for day in late]})
        return
    rows = [{"day": str(day), "reason": "not published"} for day in absent]
    rows += [{"day": str(day), "reason": "has data that its run did not read"} for day in late]
    output.print_table(("day", "reason"), rows)


def _today() -> date_type:
    return datetime.now(timezone.utc).date()

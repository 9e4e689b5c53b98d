"""`./footfall doctor`: reports problems and how to fix each of them."""

from typing import Annotated

import typer

from footfall.cli.output import print_json, stdout
from footfall.cluster.health.diagnosis import diagnose
from footfall.cluster.supervision import run


def doctor(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """Check ports, memory, disk, versions, lag and services, and print how to fix each problem."""
    report = diagnose(run.recall())
    if json:
        print_json(report)
    else:
        for fact, value in report["facts"].items():
            stdout.print(f"{fact:<22} {value}", markup=False, soft_wrap=True)
        for problem in report["problems"]:
            stdout.print(f"✗ {problem}", markup=False, soft_wrap=True)
        if not report["problems"]:
            stdout.print("No problems found.")
    if report["problems"]:
        raise typer.Exit(1)

"""`footfall logs SERVICE [-f]`: a service's log."""

import os
from typing import Annotated

import typer

from footfall.cli.output import check_known, fail
from footfall.cluster.services import BY_NAME
from footfall.settings import load_settings


def logs(
    service: Annotated[str, typer.Argument(help="name of a service, as in `footfall status`")],
    follow: Annotated[bool, typer.Option("-f", "--follow", help="go on as it grows")] = False,
    lines: Annotated[int, typer.Option("-n", min=1, help="how many of the last lines")] = 100,
) -> None:
    """Shows the end of a service's log."""
    check_known("service", service, BY_NAME)
    settings = load_settings()
    path = settings.logs_dir / f"{service}.log"
    if service == "topology":
        # A step has no process of its own; what it brought about runs in Storm's worker.
        found = sorted((settings.logs_dir / "storm").rglob("worker.log"), key=lambda p: p.stat().st_mtime)
        path = found[-1] if found else path
    if not path.exists():
        fail(f"{service} has no log yet; it has not been started in {settings.home}.")
    command = ["tail", "-n", str(lines), *(["-F"] if follow else []), str(path)]
    os.execvp(command[0], command)  # noqa: S606 - a fixed program

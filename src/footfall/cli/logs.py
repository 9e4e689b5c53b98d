"""`./footfall logs SERVICE [-f]`: prints the log of a service."""

import os
from typing import Annotated

import typer

from footfall.cli.output import check_known, fail
from footfall.cluster.services import BY_NAME
from footfall.settings import load_settings


def logs(
    service: Annotated[str, typer.Argument(help="Name of a service, as listed by `./footfall status`.")],
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Keep printing new lines as they are written.")
    ] = False,
    lines: Annotated[int, typer.Option("-n", min=1, help="Number of lines to print from the end.")] = 100,
) -> None:
    """Print the last lines of a service's log."""
    check_known("service", service, BY_NAME)
    settings = load_settings()
    path = settings.logs_dir / f"{service}.log"
    if service == "topology":
        # A step has no process. The topology that this step submits runs in Storm's worker.
        found = sorted((settings.logs_dir / "storm").rglob("worker.log"), key=lambda p: p.stat().st_mtime)
        path = found[-1] if found else path
    if not path.exists():
        fail(f"{service} has no log yet, because it has never been started in {settings.home}.")
    command = ["tail", "-n", str(lines), *(["-F"] if follow else []), str(path)]
    os.execvp(command[0], command)  # noqa: S606 - a fixed program

"""`footfall down`: stops all services in order."""

import shutil
from typing import Annotated

import typer

from footfall.cli.output import print_json, stderr
from footfall.cluster import services
from footfall.cluster.supervision import lifecycle, run
from footfall.settings import Settings

# --purge deletes these folders. It keeps settings.toml, the installation, and other homes inside this one.
_PURGED_FOLDERS = ("conf", "data", "ledger", "logs", "run", "secrets", "spool")


def down(
    purge: Annotated[bool, typer.Option("--purge", help="Also delete all data.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document at the end.")] = False,
) -> None:
    """Stop all services. With --purge, also delete all data after asking for confirmation."""
    settings = run.recall()
    stopped_any = False

    def report(sentence: str) -> None:
        nonlocal stopped_any
        stopped_any = True
        stderr.print(sentence, markup=False)

    if purge and not yes:
        typer.confirm(f"Delete all events, figures and logs under {settings.home}?", abort=True, err=True)
    lifecycle.down(settings, report)
    if not stopped_any:
        stderr.print("Nothing was running.")
    if purge:
        _purge(settings)
    if json:
        print_json({"stopped": True, "purged": purge})


def _purge(settings: Settings) -> None:
    for name in _PURGED_FOLDERS:
        shutil.rmtree(settings.home / name, ignore_errors=True)
    for folder in services.outside(settings):
        shutil.rmtree(folder, ignore_errors=True)
    stderr.print(f"Deleted all data under {settings.home}.", markup=False)

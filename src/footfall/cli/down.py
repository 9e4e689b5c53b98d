"""`footfall down`: stops everything, in order."""

import shutil
from typing import Annotated

import typer

from footfall.cli.output import fail, print_json, stderr
from footfall.cluster.supervision import lifecycle, run
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings

# What --purge keeps: the user's own settings, what was installed, and other homes inside this one.
_OF_THIS_PLATFORM = ("conf", "data", "ledger", "logs", "run", "secrets", "spool")


def down(
    purge: Annotated[bool, typer.Option("--purge", help="also delete all data")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask before deleting")] = False,
    json: Annotated[bool, typer.Option("--json", help="a JSON document when done")] = False,
) -> None:
    """Stops everything; with --purge also deletes all data, after asking."""
    settings = run.recall()
    said = False

    def say(sentence: str) -> None:
        nonlocal said
        said = True
        stderr.print(sentence, markup=False)

    if purge and not yes:
        typer.confirm(f"Delete all events, figures and logs under {settings.home}?", abort=True, err=True)
    try:
        lifecycle.down(settings, say)
    except ClusterError as error:
        fail(str(error))
    if not said:
        stderr.print("Nothing was running.")
    if purge:
        _purge(settings)
    if json:
        print_json({"stopped": True, "purged": purge})


def _purge(settings: Settings) -> None:
    for name in _OF_THIS_PLATFORM:
        shutil.rmtree(settings.home / name, ignore_errors=True)
    stderr.print(f"deleted all data under {settings.home}", markup=False)

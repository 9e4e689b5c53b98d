"""`./footfall down`: stops all services in order."""

from typing import Annotated

import typer

from footfall.cli.output import print_json, stderr
from footfall.cluster.supervision import lifecycle, run


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
    purged = lifecycle.down(settings, report, purge)
    if not stopped_any:
        stderr.print("Nothing was running.")
    if purged is not None:
        stderr.print(f"Deleted the data that Footfall made under {settings.home}.", markup=False)
        for sentence in purged.reasons:
            stderr.print(sentence, markup=False)
        stderr.print(f"What stays: {', '.join(purged.kept) or 'nothing'}.", markup=False)
    if json:
        print_json({"stopped": True, "purged": purge, "kept": purged.kept if purged is not None else []})

"""`./footfall recover archive`: restarts the archive after its checkpoint was lost."""

from typing import Annotated

import typer

from footfall.cli import output
from footfall.cluster.supervision import lifecycle, run
from footfall.cluster.supervision.manager import Manager
from footfall.streaming.recovery import Recovered, recover

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)
_SERVICE = "spark-streaming"


@app.callback()
def main() -> None:
    """Recover a part of the platform that cannot recover by itself."""


@app.command()
def archive(
    accept_loss: Annotated[
        bool,
        typer.Option(
            "--accept-loss", help="Continue without the records that Kafka deleted before they were archived."
        ),
    ] = False,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Read everything in Kafka again. Archived events are not duplicated.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Continue after the newest archived records, with a new checkpoint."""
    settings = run.recall()
    if _SERVICE not in lifecycle.requested(settings):
        output.fail("The archive is not running. Start it with `./footfall up`.")
    manager = Manager(settings)
    output.report("Stopping the streaming driver.")
    manager.stop(_SERVICE)
    try:
        recovered: Recovered = recover(settings, accept_loss, from_start, output.report)
    finally:
        manager.ensure_started(_SERVICE)
    if json:
        output.print_json(recovered._asdict())
    else:
        output.report(
            f"The archive continues with checkpoint {recovered.checkpoint}. It has {recovered.records} records to read."
        )

"""`footfall recover archive`: starts the archive anew after a lost checkpoint."""

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
    """Mend what cannot mend itself."""


@app.command()
def archive(
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="go on without what Kafka deleted before it was archived")
    ] = False,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="read all that Kafka holds again; what is archived stays archived once")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="as one JSON document")] = False,
) -> None:
    """Go on from what is archived, with a new checkpoint."""
    settings = run.recall()
    if _SERVICE not in lifecycle.wanted(settings):
        output.fail("The archive is not running; start it with `./footfall up`.")
    manager = Manager(settings)
    _say("Stopping the streaming driver.")
    manager.stop(_SERVICE)
    try:
        recovered: Recovered = recover(settings, accept_loss, from_start, _say)
    finally:
        manager.ensure_started(_SERVICE)
    if json:
        output.print_json(recovered._asdict())
    else:
        _say(f"The archive goes on with checkpoint {recovered.checkpoint}; {recovered.records} records are to be read.")


def _say(sentence: str) -> None:
    output.stderr.print(sentence, markup=False)

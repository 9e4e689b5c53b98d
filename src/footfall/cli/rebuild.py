"""`./footfall rebuild live`: rebuilds the live tables from Kafka."""

import time

import typer

from footfall.cli import output
from footfall.cluster.supervision import lifecycle, run
from footfall.realtime.lag import lag
from footfall.realtime.rebuild import rebuild
from footfall.settings import Settings

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)

_LOOK_EVERY_S = 2.0


@app.callback()
def main() -> None:
    """Rebuild stored figures from their source."""


@app.command()
def live(
    wait_s: int = typer.Option(600, min=0, help="Seconds to wait until all events are counted."),
) -> None:
    """Rebuild the live tables from the events in Kafka. Figures of events that Kafka has deleted are lost."""
    settings = run.recall()
    if "topology" not in lifecycle.requested(settings):
        output.fail("Footfall is not running. Start it with `./footfall up`.")
    rebuild(settings, output.report)
    left = _await_counted(settings, wait_s)
    if left:
        output.fail(f"{left} events are not counted after {wait_s} s. Counting continues; see `./footfall doctor`.")
    output.report("All events in Kafka are counted.")


def _await_counted(settings: Settings, wait_s: int) -> int:
    until = time.monotonic() + wait_s
    while True:
        left = lag(settings).records
        if left == 0 or time.monotonic() > until:
            return left
        time.sleep(_LOOK_EVERY_S)

"""`footfall rebuild live`: counts the live tables anew from Kafka."""

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
    """Build stored figures anew from their source."""


@app.command()
def live(
    wait_s: int = typer.Option(600, min=0, help="How long to wait, in seconds, until everything is counted."),
) -> None:
    """Count the live tables anew from what Kafka still holds; figures of older events are gone then."""
    settings = run.recall()
    if "topology" not in lifecycle.wanted(settings):
        output.fail("Footfall is not running; start it with `./footfall up`.")
    rebuild(settings, _say)
    left = _await_counted(settings, wait_s)
    if left:
        output.fail(f"{left} events still wait after {wait_s} s; counting goes on, see `./footfall doctor`.")
    _say("Everything that Kafka holds is counted.")


def _await_counted(settings: Settings, wait_s: int) -> int:
    until = time.monotonic() + wait_s
    while True:
        left = lag(settings).records
        if left == 0 or time.monotonic() > until:
            return left
        time.sleep(_LOOK_EVERY_S)


def _say(sentence: str) -> None:
    output.stderr.print(sentence, markup=False)

"""`./footfall recover archive`: restarts the archive after its checkpoint was lost."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import typer

from footfall.cli import output
from footfall.cluster.supervision import lifecycle, run
from footfall.cluster.supervision.manager import Manager
from footfall.settings import Settings
from footfall.streaming.driver_lock import DriverLock
from footfall.streaming.recovery import Recovered, recover

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)
_SERVICE: Final = "spark-streaming"
# A driver that was killed keeps its lock until its session in ZooKeeper expires, after 20 s.
_DRIVER_ENDS_S: Final = 40.0


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
    with _driver_locked_out(settings) if settings.is_node else _driver_stopped(settings):
        recovered: Recovered = recover(settings, accept_loss, from_start, output.report)
    if json:
        output.print_json(recovered._asdict())
    else:
        output.report(
            f"The archive continues with checkpoint {recovered.checkpoint}. It has {recovered.records} records to read."
        )


@contextmanager
def _driver_stopped(settings: Settings) -> Iterator[None]:
    """Stops the streaming driver, and starts it again at the end."""
    if _SERVICE not in lifecycle.requested(settings):
        output.fail("The archive is not running. Start it with `./footfall up`.")
    manager = Manager(settings)
    output.report("Stopping the streaming driver.")
    manager.stop(_SERVICE)
    try:
        yield
    finally:
        manager.ensure_started(_SERVICE)


@contextmanager
def _driver_locked_out(settings: Settings) -> Iterator[None]:
    """Holds the driver's lock. A node of a cluster cannot stop the driver, which runs on another one."""
    output.report(f"Waiting at most {_DRIVER_ENDS_S:.0f} s until no driver holds the archive's lock.")
    lock, until = DriverLock(settings), time.monotonic() + _DRIVER_ENDS_S
    try:
        if not lock.acquire(lambda: time.monotonic() > until):
            output.fail(
                "The streaming driver is running. Stop it with `./footfall cluster kill spark-streaming`, recover "
                "the archive, and start it again with `./footfall cluster heal`."
            )
        yield
    finally:
        lock.release()

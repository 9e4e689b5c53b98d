"""`footfall run SERVICE`: runs one service in this process."""

from typing import Annotated

import typer

from footfall.cli.output import wrong_use
from footfall.cluster.supervision.run import become
from footfall.runtime.errors import ClusterError


def run(service: Annotated[str, typer.Argument(help="Name of a service, as listed by `footfall status`.")]) -> None:
    """Render the configuration of a service and replace this process with it."""
    try:
        become(service)
    except ClusterError as error:
        wrong_use(str(error))

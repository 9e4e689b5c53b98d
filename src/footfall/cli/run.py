"""`./footfall run SERVICE`: runs one service in this process."""

from typing import Annotated

import typer

from footfall.cli.output import wrong_use
from footfall.cluster.supervision import node
from footfall.cluster.supervision.run import become
from footfall.runtime.errors import ClusterError
from footfall.settings import load_settings


def run(service: Annotated[str, typer.Argument(help="Name of a service, as listed by `./footfall status`.")]) -> None:
    """Render the configuration of a service and run it, on one machine in place of this process."""
    settings = load_settings()
    try:
        if settings.is_node:
            raise typer.Exit(node.serve(settings, service))
        become(service)
    except ClusterError as error:
        wrong_use(str(error))

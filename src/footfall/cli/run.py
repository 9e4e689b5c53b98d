"""`footfall run SERVICE`: becomes that service."""

from typing import Annotated

import typer

from footfall.cli.output import wrong_use
from footfall.cluster.supervision.run import become
from footfall.runtime.errors import ClusterError


def run(service: Annotated[str, typer.Argument(help="name of a service, as in `footfall status`")]) -> None:
    """Renders the service's configuration and becomes its process."""
    try:
        become(service)
    except ClusterError as error:
        wrong_use(str(error))

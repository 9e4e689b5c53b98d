"""`footfall status`: the state of every service, in a second."""

from typing import Annotated

import typer

from footfall.cli.output import print_json, print_table, stderr
from footfall.cluster import run
from footfall.cluster.status import status as find_status


def status(json: Annotated[bool, typer.Option("--json", help="as one JSON document")] = False) -> None:
    """The state of every service; exit status 1 unless all are healthy."""
    document = find_status(run.recall())
    if json:
        print_json(document)
    elif document["services"]:
        print_table(["name", "engine", "state", "pid", "rss_mb", "uptime_s", "detail"], document["services"])
    else:
        stderr.print("Footfall is not running; start it with `./footfall up`.", markup=False)
    if not document["healthy"]:
        raise typer.Exit(1)

"""`./footfall status`: prints the state of every service."""

from typing import Annotated, Any

import typer

from footfall.cli.output import print_json, print_table, stderr, stdout
from footfall.cluster.health.disk import Disk
from footfall.cluster.health.status import status as find_status
from footfall.cluster.supervision import run, under_way
from footfall.lags import ConsumerLag


def status(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """Show the state of every service. The exit status is 1 unless all are healthy."""
    settings = run.recall()
    document = find_status(settings)
    if json:
        print_json(document)
    elif document["services"]:
        print_table(["name", "engine", "state", "pid", "rss_mb", "uptime_s", "detail"], document["services"])
        if document["lags"]:
            stdout.print()
            print_table([*ConsumerLag._fields], [_with_unknown_age(lag) for lag in document["lags"]])
        stored = Disk(**document["disk"])
        stdout.print(f"\ndata: {stored.growth}; {stored.free_gib:.1f} GiB free", markup=False, highlight=False)
    elif under_way.services(settings):
        stderr.print(f"Footfall is not running yet: {under_way.INSTALLING}.", markup=False)
    else:
        stderr.print("Footfall is not running. Start it with `./footfall up`.", markup=False)
    if not document["healthy"]:
        raise typer.Exit(1)


def _with_unknown_age(lag: dict[str, Any]) -> dict[str, Any]:
    return lag if lag["age_s"] is not None else lag | {"age_s": "unknown"}

"""`./footfall site add|list|remove`: the sites that Footfall measures."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from footfall import site_changes, site_registry
from footfall.cli.output import check_known, print_json, print_table, report, stdout
from footfall.cli.up import HOW_TO_ADD, local_url
from footfall.cluster.supervision import lifecycle, run
from footfall.logs import layout
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings
from footfall.site_addresses import COLLECTOR, SERVERS_PATH, service_of
from footfall.site_registry import Site
from footfall.sites import site_keys

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)

_Name = Annotated[str, typer.Argument(metavar="NAME", help="The site's app_id, such as blog.")]
_COLUMNS = ("app_id", "title", "origins", "collected_by")


@app.callback()
def main() -> None:
    """Add, list and remove sites. Nothing restarts for it."""


@app.command()
def add(
    name: _Name,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            "--origin",
            help="Origin of its pages, such as https://blog.example.org. Repeat for several. Default: it has no pages.",
        ),
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Its name for people. Default: NAME.")] = None,
    colour: Annotated[
        str | None, typer.Option("--colour", help="Colour of its name on the live page, #rrggbb. Default: a free one.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Add a site. Its pages, and its server, may send events within a second."""
    settings = run.recall()
    site = site_changes.add(settings, name, origin or (), title, colour)
    if json:
        print_json(row(settings, site))
        return
    for line in _next_steps(settings, site):
        stdout.print(line, markup=False, soft_wrap=True, highlight=False)
    if service_of(settings, name) not in lifecycle.requested(settings):
        report(f"The service {service_of(settings, name)} does not run; `./footfall up` starts it.")


@app.command("list")
def list_sites(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """List the sites."""
    settings = run.recall()
    rows = [row(settings, site) for site in site_registry.sites(settings)]
    if json:
        print_json(rows)
    elif rows:
        print_table(_COLUMNS, [one | {"origins": _origins_in_words(one)} for one in rows])
    else:
        report(f"There is no site. {HOW_TO_ADD}")


@app.command()
def remove(name: _Name, json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """Remove a site. Its events are refused from then on; its data stay until their retention."""
    settings = run.recall()
    site = site_changes.remove(settings, name)
    if json:
        print_json(row(settings, site))
        return
    stdout.print(f"{name} is no site any more. Its data stay until their retention; --app {name} shows them.")
    if service_of(settings, name) != COLLECTOR:
        report("Its server runs on, and its events are taken as before.")


@app.command()
def key(name: _Name) -> None:
    """Make the key with which the site's own server passes events on, and print where it is."""
    settings = run.recall()
    check_known("site", name, site_registry.names(settings))
    stdout.print(str(site_keys.make(settings, name)), markup=False, soft_wrap=True, highlight=False)


@app.command()
def logs() -> None:
    """Print the folder in which the sites' own servers on this machine may write their logs, which Flume follows."""
    settings = run.recall()
    if settings.is_node:
        raise ClusterError("In a cluster, Flume follows the log files of the demo sites only.")
    # Whoever is first makes it, Flume or a site's server: a home that nobody has started yet stays empty.
    stdout.print(str(layout.folder(settings, layout.ADDED)), markup=False, soft_wrap=True, highlight=False)
    if "flume" not in lifecycle.requested(settings):
        report("The service flume does not run; `./footfall up` starts it.")


def row(settings: Settings, site: Site) -> dict[str, Any]:
    """A site as `--json` prints it."""
    return {
        "app_id": site.app_id,
        "title": site.title,
        "colour": site.colour,
        "origins": list(site.origins),
        "collected_by": service_of(settings, site.app_id),
    }


def _next_steps(settings: Settings, site: Site) -> list[str]:
    """What a person does after a site was added, line by line."""
    name, service = site.app_id, service_of(settings, site.app_id)
    if service != COLLECTOR:
        return [f"{name} is a site now. The service {service} has its pages and takes their events."]
    if site.origins:
        return [f"{name} is a site now. Put this into the head of its pages:", f"  {script(settings, name)}"]
    return [
        f"{name} is a site now. It has no origin, so no page may send it events. Make the key for its server:",
        f"  ./footfall site key {name}{' --cluster' if settings.is_node else ''}",
        "With the header `Authorization: Bearer KEY`, the server posts events to:",
        f"  {local_url(settings, COLLECTOR)}{SERVERS_PATH}?site={name}",
    ]


def _origins_in_words(row: Mapping[str, Any]) -> str:
    if not row["origins"] and row["collected_by"] == COLLECTOR:
        return "none: its server sends"
    return " ".join(row["origins"])


def script(settings: Settings, app_id: str) -> str:
    """The element that a page needs, with the collector as this machine reaches it."""
    return f'<script defer src="{local_url(settings, COLLECTOR)}/footfall.js" data-site="{app_id}"></script>'

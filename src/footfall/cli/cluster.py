"""`./footfall cluster`: the platform as several nodes on Docker Compose."""

import subprocess
import sys
import time
from typing import Annotated

import typer

from footfall.cli.output import print_json, print_table, report, stderr, stdout, wrong_use
from footfall.cli.up import local_url
from footfall.cluster.containers import docker, lifecycle, scale
from footfall.cluster.containers.docker import PUBLISHED, Profile
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings, load_settings

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)

_Node = Annotated[str, typer.Argument(help="Name of a node, as listed by `./footfall cluster status`.")]


@app.callback()
def main() -> None:
    """Run the platform as several nodes on Docker Compose."""


@app.command()
def up(
    profile: Annotated[Profile, typer.Option(help="core: the live path and the logs; full: everything.")] = "core",
    ha: Annotated[
        bool | None,
        typer.Option("--ha/--no-ha", help="Whether HDFS has a second NameNode, which stands by. As before if omitted."),
    ] = None,
    more: Annotated[
        list[str] | None,
        typer.Option("--scale", help=f"KIND=NUMBER: how many nodes there are of {', '.join(scale.KINDS)}."),
    ] = None,
    build: Annotated[bool, typer.Option(help="Whether to build the image first, as far as sources changed.")] = True,
    json: Annotated[bool, typer.Option("--json", help="Print the addresses as one JSON document.")] = False,
) -> None:
    """Build the image, start all nodes, wait until they are healthy, and print the addresses."""
    settings, started = load_settings(), time.monotonic()
    if more is not None:
        try:
            scale.write(settings, scale.parse(more))
        except ClusterError as error:
            wrong_use(str(error))

    def on_healthy(name: str, seconds: float) -> None:
        stderr.print(f"  {name:<22} healthy after {seconds:5.1f} s", markup=False)

    nodes = lifecycle.up(settings, profile, ha, build, on_healthy)
    seconds, addresses = round(time.monotonic() - started, 1), _addresses(settings, {node.service for node in nodes})
    if json:
        print_json({"healthy": True, "seconds": seconds, "nodes": len(nodes), "addresses": addresses})
        return
    stdout.print(f"All {len(nodes)} nodes are healthy after {seconds:.0f} s.")
    for name, address in addresses.items():
        stdout.print(f"  {name:<10} {address}", markup=False, soft_wrap=True)
    stdout.print("Try `./footfall query live-active-users --cluster` and `./footfall verify --cluster`.", markup=False)


@app.command()
def down(
    purge: Annotated[bool, typer.Option("--purge", help="Also delete all data.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document at the end.")] = False,
) -> None:
    """Stop all nodes in order and remove them. Their data stay, unless --purge deletes them after asking."""
    settings = load_settings()
    if purge and not yes:
        typer.confirm("Delete all events, figures and logs of the cluster?", abort=True, err=True)
    if not lifecycle.down(settings, purge, report):
        report("Nothing was running.")
    if json:
        print_json({"stopped": True, "purged": purge})


@app.command()
def status(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """Show the state of every node. The exit status is 1 unless all are healthy."""
    nodes = docker.nodes(load_settings())
    healthy = bool(nodes) and all(node.is_well for node in nodes)
    rows = [{key: value for key, value in node._asdict().items() if key != "networks"} for node in nodes]
    if json:
        print_json({"healthy": healthy, "nodes": rows})
    elif nodes:
        print_table(("name", "service", "state", "restarts", "detail"), rows)
    else:
        report("The cluster does not run. `./footfall cluster up` starts it.")
    if not healthy:
        raise typer.Exit(1)


@app.command()
def logs(
    node: _Node,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Keep printing new lines as they are written.")
    ] = False,
    lines: Annotated[int, typer.Option("-n", min=1, help="Number of lines to print from the end.")] = 100,
) -> None:
    """Print the last lines of a node's log."""
    found = docker.find(load_settings(), node)
    command = [docker.program(), "logs", "--tail", str(lines), *(["--follow"] if follow else []), found.container]
    raise typer.Exit(subprocess.run(command, check=False).returncode)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def exec(context: typer.Context, node: _Node) -> None:
    """Run a command on a node, such as `./footfall cluster exec kafka-1 ls /footfall/data`."""
    found = docker.find(load_settings(), node)
    command = docker.on_node(found, context.args or ["sh"], _has_terminal())
    raise typer.Exit(subprocess.run(command, check=False).returncode)


@app.command()
def kill(node: _Node) -> None:
    """Kill a node at once. It stays dead until `heal`."""
    lifecycle.kill(load_settings(), node)


@app.command()
def pause(node: _Node) -> None:
    """Freeze a node until `heal`."""
    lifecycle.pause(load_settings(), node)


@app.command()
def partition(node: _Node) -> None:
    """Cut a node off from all others until `heal`."""
    lifecycle.partition(load_settings(), node)


@app.command()
def heal() -> None:
    """Start, wake and connect again all nodes that were killed, paused or cut off."""
    healed = lifecycle.heal(load_settings())
    report(f"Healed {', '.join(healed)}." if healed else "No node was killed, paused or cut off.")


def _addresses(settings: Settings, services: set[str]) -> dict[str, str]:
    names = {"airflow": "airflow-api-server", "collector": "collector", "dashboard": "dashboard"}
    return {
        port: local_url(settings, port) for port in PUBLISHED.values() if names.get(port, f"site-{port}") in services
    }


def run_inside(arguments: list[str]) -> int:
    """Runs a verb on the node of the command line, which sees all engines by name. Returns the exit status."""
    return subprocess.run(docker.inside(load_settings(), arguments, _has_terminal()), check=False).returncode


def _has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()

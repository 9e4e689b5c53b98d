"""`footfall up`: one command from a clone to live figures."""

import time
from typing import Annotated

import typer

from footfall.cli.output import check_known, fail, print_json, stderr, stdout, wrong_use
from footfall.cluster.service import Service
from footfall.cluster.services import BY_NAME, PROFILES
from footfall.cluster.supervision import lifecycle
from footfall.names import APP_IDS
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings, load_settings


def up(
    profile: Annotated[str, typer.Argument(help=f"one of {', '.join(PROFILES)}")] = "full",
    only: Annotated[str | None, typer.Option(help="only these services (by commas) and what they need")] = None,
    json: Annotated[bool, typer.Option("--json", help="the addresses as JSON")] = False,
) -> None:
    """Installs what is missing, starts everything, waits until it is healthy, prints the addresses."""
    check_known("profile", profile, PROFILES)
    names = tuple(name for name in (only or "").split(",") if name)
    if only is not None and not names:
        # Without a name it would be the whole profile, the opposite of what was asked for.
        wrong_use("--only names no service; name some, with commas between them.")
    for name in names:
        check_known("service", name, BY_NAME)
    settings = load_settings()
    started = time.monotonic()
    try:
        services = lifecycle.up(settings, profile, names, _report, _say)
    except ClusterError as error:
        fail(str(error))
    addresses = _addresses(settings, services)
    if json:
        print_json({"healthy": True, "seconds": round(time.monotonic() - started, 1), "addresses": addresses})
        return
    stdout.print(f"Everything is up after {time.monotonic() - started:.0f} s.")
    for name, address in addresses.items():
        stdout.print(f"  {name:<10} {address}")
    if "dashboard" in addresses:
        stdout.print("Try `./footfall query live-active-users`; end with `./footfall down`.", markup=False)


def _report(name: str, seconds: float) -> None:
    stderr.print(f"  {name:<20} healthy after {seconds:5.1f} s", markup=False)


def _say(sentence: str) -> None:
    stderr.print(sentence, markup=False)


def _addresses(settings: Settings, services: list[Service]) -> dict[str, str]:
    names = {service.name for service in services}
    found: dict[str, str] = {app: f"http://localhost:{settings.port(app)}" for app in APP_IDS if f"site-{app}" in names}
    if "dashboard" in names:
        found["dashboard"] = f"http://localhost:{settings.port('dashboard')}"
    return found

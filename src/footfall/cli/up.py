"""`footfall up`: installs, starts and checks the platform."""

import time
from typing import Annotated

import typer

from footfall.cli.output import check_known, print_json, stderr, stdout, wrong_use
from footfall.cluster.service import Service
from footfall.cluster.services import BY_NAME, PROFILES
from footfall.cluster.supervision import lifecycle
from footfall.settings import Settings, load_settings
from footfall.site_registry import DEMO_SITES


def up(
    profile: Annotated[str, typer.Argument(help=f"Set of services to start: {', '.join(PROFILES)}.")] = "full",
    only: Annotated[
        str | None, typer.Option(help="Start only these services (comma-separated) and the services they need.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the addresses as one JSON document.")] = False,
) -> None:
    """Install what is missing, start the services, wait until all are healthy, and print their addresses."""
    check_known("profile", profile, PROFILES)
    names = tuple(name for name in (only or "").split(",") if name)
    if only is not None and not names:
        # An empty list would start the whole profile.
        wrong_use("--only is empty. Give the names of services, separated by commas.")
    for name in names:
        check_known("service", name, BY_NAME)
    settings = load_settings()
    started = time.monotonic()
    services = lifecycle.up(settings, profile, names, _on_healthy, _report)
    addresses = _addresses(settings, services)
    logins = {service.engine: service.login(settings) for service in services if service.login is not None}
    if json:
        print_json({"healthy": True, "seconds": round(time.monotonic() - started, 1), "addresses": addresses})
        return
    stdout.print(f"All services are healthy after {time.monotonic() - started:.0f} s.")
    for name, address in addresses.items():
        login = f" ({logins[name]})" if name in logins else ""
        stdout.print(f"  {name:<10} {address}{login}", markup=False, soft_wrap=True)
    if "dashboard" in addresses:
        stdout.print("Try `./footfall query live-active-users`. Stop Footfall with `./footfall down`.", markup=False)


def _on_healthy(name: str, seconds: float) -> None:
    stderr.print(f"  {name:<20} healthy after {seconds:5.1f} s", markup=False)


def _report(sentence: str) -> None:
    stderr.print(sentence, markup=False)


def _addresses(settings: Settings, services: list[Service]) -> dict[str, str]:
    names = {service.name for service in services}
    sites = [app for app in DEMO_SITES if f"site-{app}" in names]
    found: dict[str, str] = {app: f"http://localhost:{settings.port(app)}" for app in sites}
    if "dashboard" in names:
        found["dashboard"] = f"http://localhost:{settings.port('dashboard')}"
    if "airflow-api-server" in names:
        found["airflow"] = f"http://localhost:{settings.port('airflow')}"
    return found

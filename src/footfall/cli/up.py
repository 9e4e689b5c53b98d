"""`./footfall up`: installs, starts and checks the platform."""

import time
from datetime import datetime, timezone
from typing import Annotated, Final

import typer

from footfall.cli.output import check_known, print_json, report, stderr, stdout, wrong_use
from footfall.cluster.health import root_user
from footfall.cluster.service import Service
from footfall.cluster.services import PROFILES, logins
from footfall.cluster.supervision import lifecycle
from footfall.cluster.supervision.manager import Manager
from footfall.errors import FootfallError
from footfall.hdfs import Hdfs
from footfall.settings import Settings, load_settings
from footfall.site_addresses import COLLECTOR
from footfall.site_registry import DEMO_SITES
from footfall.warehouse import published
from footfall.warehouse.days import missing
from footfall.workflows.missing import trigger_missing

HOW_TO_ADD: Final = "Add a site with `./footfall site add NAME --origin https://www.example.org`."


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
        check_known("service", name, PROFILES["full"])
    settings = load_settings()
    started = time.monotonic()
    if warning := root_user.warning():
        stderr.print(warning, style="yellow", markup=False)
    services = lifecycle.up(settings, profile, names, _Progress(settings, started), report)
    _run_missing_days(settings, services)
    addresses = _addresses(settings, services)
    known = logins(settings, (service.name for service in services))
    if json:
        print_json({"healthy": True, "seconds": round(time.monotonic() - started, 1), "addresses": addresses})
        return
    stdout.print(f"All services are healthy after {time.monotonic() - started:.0f} s.")
    for name, address in addresses.items():
        login = f" ({known[name]})" if name in known else ""
        stdout.print(f"  {name:<10} {address}{login}", markup=False, soft_wrap=True)
    if not settings.demo.enabled and COLLECTOR in addresses:
        stdout.print(f"The demo sites are switched off. {HOW_TO_ADD}", markup=False, soft_wrap=True)
    if "dashboard" in addresses:
        stdout.print("Try `./footfall query live-active-users`. Stop Footfall with `./footfall down`.", markup=False)


class _Progress:
    """Prints a line for each service that becomes healthy, and one when the live half can be used."""

    def __init__(self, settings: Settings, started_s: float) -> None:
        """started_s: when `up` began, on the monotonic clock."""
        self._settings = settings
        self._started_s = started_s
        demo = [f"site-{app}" for app in DEMO_SITES] if settings.demo.enabled else []
        self._live = {"topology", "dashboard", COLLECTOR, *demo}

    def __call__(self, name: str, seconds: float) -> None:
        stderr.print(f"  {name:<20} healthy after {seconds:5.1f} s", markup=False)
        if name not in self._live:
            return
        self._live.remove(name)
        if not self._live:
            url = local_url(self._settings, "dashboard")
            passed_s = time.monotonic() - self._started_s
            report(f"Sites and live page can be used after {passed_s:.0f} s: {url}. Other services are still starting.")


def _run_missing_days(settings: Settings, services: list[Service]) -> None:
    """Starts the batch of days that are archived and not published; does not wait for it."""
    if not settings.automatic_batches or "airflow-scheduler" not in {service.name for service in services}:
        return
    hdfs = Hdfs(settings)
    try:
        today = datetime.now(timezone.utc).date()
        days = missing(hdfs, published.read(hdfs), today, settings.retention.hdfs_events_days)
        started = trigger_missing(settings, days, str(Manager(settings).pid()))
    except FootfallError as error:
        report(f"The tables of missing days are not made now: {error}")
        return
    if started is not None:
        report(f"{len(days)} past days have no tables yet. Airflow makes them now, the oldest first.")


def _addresses(settings: Settings, services: list[Service]) -> dict[str, str]:
    names = {service.name for service in services}
    sites = [app for app in DEMO_SITES if f"site-{app}" in names]
    found: dict[str, str] = {app: local_url(settings, app) for app in sites}
    if COLLECTOR in names:
        found[COLLECTOR] = local_url(settings, COLLECTOR)
    if "dashboard" in names:
        found["dashboard"] = local_url(settings, "dashboard")
    if "airflow-api-server" in names:
        found["airflow"] = local_url(settings, "airflow")
    return found


def local_url(settings: Settings, port: str) -> str:
    """What a person on this machine types into a browser."""
    return f"http://localhost:{settings.port(port)}"

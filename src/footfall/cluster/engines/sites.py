"""The demo sites, one Flask process each, and the collector, which takes the events of all other sites."""

import json
from collections.abc import Callable

import urllib3

from footfall.cluster.service import Part, PythonModule, Report, Service
from footfall.runtime.errors import Unhealthy
from footfall.settings import Settings
from footfall.site_addresses import COLLECTOR
from footfall.site_registry import DEMO_SITES

_HTTP = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=8.0))


def _probe(app: str) -> Callable[[Settings], None]:
    def probe(settings: Settings) -> None:
        answer = _HTTP.request("GET", f"{settings.url(app)}/healthz")
        if answer.status != 200 or json.loads(answer.data).get("app") != app:
            raise Unhealthy(f"/healthz answered {answer.status}")

    return probe


def _probe_collector(settings: Settings) -> None:
    answer = _HTTP.request("GET", f"{settings.url(COLLECTOR)}/healthz")
    if answer.status != 200 or "sites" not in json.loads(answer.data):
        raise Unhealthy(f"/healthz answered {answer.status}")


def demo_is_off(settings: Settings) -> str:
    """'' or why the demo sites and their visitors do not run."""
    return "" if settings.demo.enabled else "the setting demo.enabled switches the demo sites off"


def _city_database_problem(settings: Settings) -> str:
    from footfall.events import city_database

    if city_database.installed(settings):
        return ""
    return "The city database is missing, so countries and cities stay unknown. `./footfall up` downloads it."


def _install_city_database(settings: Settings, _: Callable[[], str], report: Report) -> str | None:
    from footfall.cluster.installation import city_database

    return city_database.install(settings, report)


_CITY_DATABASE = Part(problem=_city_database_problem, install=_install_city_database)

_SITES = tuple(
    Service(
        name=f"site-{app}",
        engine="flask",
        profiles=("realtime",),
        needs=("kafka-topics",),
        ports=(app,),
        command=PythonModule("footfall.sites.server", (app,)),
        parts=(_CITY_DATABASE,),
        probe=_probe(app),
        switched_off=demo_is_off,
        stop_s=30,
        # Stopped after the visitors and before all consumers.
        stop_rank=3,
    )
    for app in DEMO_SITES
)
SERVICES = (
    *_SITES,
    Service(
        name=COLLECTOR,
        engine="flask",
        profiles=("realtime",),
        needs=("kafka-topics",),
        ports=(COLLECTOR,),
        command=PythonModule("footfall.sites.server", (COLLECTOR,)),
        parts=(_CITY_DATABASE,),
        probe=_probe_collector,
        stop_s=30,
        stop_rank=3,
    ),
)

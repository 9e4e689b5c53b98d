"""The table of all services, collected from the modules of `engines/`. `service.py` defines a service."""

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Final

from footfall.cluster.engines import ENGINES
from footfall.cluster.service import Service
from footfall.settings import Settings

SERVICES: Final[tuple[Service, ...]] = tuple(
    service for engine in ENGINES for service in import_module(f"footfall.cluster.engines.{engine}").SERVICES
)
BY_NAME: Final = {service.name: service for service in SERVICES}
PROFILES: Final[dict[str, tuple[str, ...]]] = {
    "full": tuple(service.name for service in SERVICES if not service.optional),
    "realtime": tuple(service.name for service in SERVICES if "realtime" in service.profiles),
    "batch": tuple(service.name for service in SERVICES if "batch" in service.profiles),
}


def profile_of(names: Iterable[str]) -> str:
    """The smallest profile that contains these services; `full` if the list is empty."""
    given = set(names)
    containing = [profile for profile, contained in PROFILES.items() if given <= set(contained)] if given else ["full"]
    return min(containing, key=lambda profile: len(PROFILES[profile]))


def outside(settings: Settings) -> list[Path]:
    """The folders that services keep outside the home."""
    folders = (service.outside(settings) for service in SERVICES if service.outside is not None)
    return [folder for folder in folders if folder is not None]


def logins(settings: Settings, names: Iterable[str]) -> dict[str, str]:
    """How to log in to the pages of these services, by the port of the pages. Open pages have no entry."""
    given = (BY_NAME[name] for name in names)
    found = {service.ports[0]: service.login(settings) for service in given if service.login is not None}
    return {port: login for port, login in found.items() if login is not None}


def with_needs(names: tuple[str, ...]) -> list[Service]:
    """The named services and all services that they need, in the order of the table (needs come first).

    Optional services are left out: one machine has none.
    """
    selected: set[str] = set()

    def add(name: str) -> None:
        if name not in selected and not BY_NAME[name].optional:
            selected.add(name)
            for need in BY_NAME[name].needs:
                add(need)

    for name in names:
        add(name)
    return [service for service in SERVICES if service.name in selected]


def stop_order() -> list[list[Service]]:
    """All services in the order in which `down` stops them. The services of one inner list are stopped in parallel."""
    ranks = sorted({service.stop_rank for service in SERVICES} - {0})
    first = [[service for service in SERVICES if service.stop_rank == rank] for rank in ranks]
    return [*first, *([service] for service in reversed(SERVICES) if service.stop_rank == 0)]

"""The table of services: those of every module in `engines/`, in one order. `service.py` says what a service is."""

from collections.abc import Iterable
from importlib import import_module
from typing import Final

from footfall.cluster.engines import ENGINES
from footfall.cluster.service import Service

SERVICES: Final[tuple[Service, ...]] = tuple(
    service for engine in ENGINES for service in import_module(f"footfall.cluster.engines.{engine}").SERVICES
)
BY_NAME: Final = {service.name: service for service in SERVICES}
PROFILES: Final[dict[str, tuple[str, ...]]] = {
    "full": tuple(BY_NAME),
    "realtime": tuple(service.name for service in SERVICES if "realtime" in service.profiles),
    "batch": tuple(service.name for service in SERVICES if "batch" in service.profiles),
}


def profile_of(names: Iterable[str]) -> str:
    """The smallest profile that holds these services; `full` if there are none, as `up` takes it."""
    asked = set(names)
    holding = [profile for profile, held in PROFILES.items() if asked <= set(held)] if asked else ["full"]
    return min(holding, key=lambda profile: len(PROFILES[profile]))


def with_needs(names: tuple[str, ...]) -> list[Service]:
    """The named services and all they need, in the order of the table (needs come first)."""
    wanted: set[str] = set()

    def add(name: str) -> None:
        if name not in wanted:
            wanted.add(name)
            for need in BY_NAME[name].needs:
                add(need)

    for name in names:
        add(name)
    return [service for service in SERVICES if service.name in wanted]


def stop_order() -> list[list[Service]]:
    """All services in the order in which `down` stops them; those of one list are stopped side by side."""
    ranks = sorted({service.stop_rank for service in SERVICES} - {0})
    first = [[service for service in SERVICES if service.stop_rank == rank] for rank in ranks]
    return [*first, *([service] for service in reversed(SERVICES) if service.stop_rank == 0)]

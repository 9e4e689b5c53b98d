"""Stops parts of the platform during a measurement."""

from collections.abc import Iterator
from contextlib import contextmanager

from footfall import names
from footfall.cluster.supervision.manager import Manager
from footfall.realtime import deploy
from footfall.settings import Settings


@contextmanager
def stopped(settings: Settings, *services: str) -> Iterator[None]:
    """Stops services inside the block. Include the watchdog, which would otherwise restart the others."""
    manager = Manager(settings)
    for service in services:
        manager.stop(service)
    try:
        yield
    finally:
        for service in reversed(services):
            manager.ensure_started(service)


@contextmanager
def paused(settings: Settings) -> Iterator[None]:
    """Deactivates the topology inside the block."""
    deploy._control(settings, "deactivate", names.TOPOLOGY)
    try:
        yield
    finally:
        deploy._control(settings, "activate", names.TOPOLOGY)

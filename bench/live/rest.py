"""Puts parts of the platform to rest for as long as something is measured without them."""

from collections.abc import Iterator
from contextlib import contextmanager

from footfall import names
from footfall.cluster.supervision.manager import Manager
from footfall.realtime import deploy
from footfall.settings import Settings


@contextmanager
def stopped(settings: Settings, *services: str) -> Iterator[None]:
    """These services are stopped meanwhile; the watchdog, which would start others again, is to be among them."""
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
    """The topology reads nothing meanwhile."""
    deploy._control(settings, "deactivate", names.TOPOLOGY)
    try:
        yield
    finally:
        deploy._control(settings, "activate", names.TOPOLOGY)

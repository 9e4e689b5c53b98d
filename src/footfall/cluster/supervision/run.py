"""Runs one service: renders its configuration and replaces this process with it. supervisord calls this."""

import json
import os
import sys
from typing import NoReturn

from footfall.cluster.service import Service
from footfall.cluster.services import BY_NAME
from footfall.cluster.supervision import configure
from footfall.runtime import priority
from footfall.runtime.environment import child_environment
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings, load_settings


def snapshot(settings: Settings) -> None:
    """Stores the settings of this `up` for services that the manager restarts later."""
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    (settings.run_dir / "settings.json").write_text(json.dumps(settings.as_environment(), indent=1), "utf-8")


def recall() -> Settings:
    """Returns the settings with which the platform was started, or those of this process if it never was.

    Verbs that act on a running platform use it, so that a variable given to `up` need not be repeated. Stored settings
    that this version does not know are ignored. A node of a cluster has its settings from its environment alone.
    """
    settings = load_settings()
    if settings.is_node:
        return settings
    try:
        stored = json.loads((settings.run_dir / "settings.json").read_text("utf-8"))
    except (OSError, ValueError):
        return settings
    known = settings.as_environment()
    os.environ.update({name: value for name, value in stored.items() if name in known})
    return load_settings()


def become(name: str) -> None:
    """Replaces this process with the named service. Raises ClusterError if there is no such service."""
    service = BY_NAME.get(name)
    if service is None or service.command is None:
        processes = ", ".join(s.name for s in BY_NAME.values() if s.command is not None)
        raise ClusterError(f"There is no service {name!r}; there are: {processes}.")
    settings = recall()
    configure.write(settings, service)
    execute(settings, service)


def execute(settings: Settings, service: Service) -> NoReturn:
    """Replaces this process with a service whose configuration is written."""
    if service.command is None:
        raise ValueError(f"{service.name} is a step")
    command = service.command(settings)
    sys.stdout.flush()
    environment = child_environment(settings)
    if service.environment is not None:
        environment |= service.environment(settings)
    if service.gives_way:
        os.nice(priority.lowering(settings))
    os.execve(command[0], command, environment)  # noqa: S606 - the table's own command

"""Checks before `up` starts anything: memory, disk, ports, open files, and the paths of the folders."""

import re
import resource
from collections.abc import Collection
from pathlib import Path

import psutil

from footfall.cluster.service import Service
from footfall.runtime import free_disk
from footfall.settings import Settings

# Memory that each profile needs, measured and rounded up (docs/performance.md). With YARN it includes all that its
# containers may use.
NEEDED_MEMORY_GIB = {"full": 14.0, "realtime": 4.0, "batch": 7.0}
_OPEN_FILES = 8192
_FEWEST_OPEN_FILES = 2048


def check(settings: Settings, profile: str, services: Collection[Service], running: set[str]) -> list[str]:
    """Returns every obstacle to starting the services, each with its remedy, in one or two sentences.

    Services in `running` may hold their ports.
    """
    stopped = [service for service in services if service.name not in running]
    return [
        *_paths(settings),
        *open_files(),
        *_memory(profile, bool(running)),
        *_disk(settings),
        *_ports(settings, stopped),
        *_misfits(settings, services, running),
    ]


def _paths(settings: Settings) -> list[str]:
    return [
        f"The path {path} contains characters that have a special meaning in Java class paths, URIs or supervisord. "
        "Set FOOTFALL_HOME to a path of letters, digits and . _ + - / only."
        for path in {settings.home, settings.install}
        if not re.fullmatch(r"[A-Za-z0-9._+/-]+", str(path))
    ]


def open_files() -> list[str]:
    """Raises the soft limit of open files as far as the hard limit allows. Services inherit it.

    Returns the obstacle if that is not enough.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _OPEN_FILES:
        soft = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft < _FEWEST_OPEN_FILES:
        return [
            f"A process may open only {soft} files; Footfall needs {_FEWEST_OPEN_FILES}. Raise the hard limit "
            "(`ulimit -Hn`, /etc/security/limits.conf)."
        ]
    return []


def _memory(profile: str, running: bool) -> list[str]:
    needed = NEEDED_MEMORY_GIB[profile]
    free = psutil.virtual_memory().available / 2**30
    if running or free >= needed:
        return []
    advice = " `./footfall up realtime` needs less." if profile == "full" else ""
    return [f"{free:.1f} GiB of memory is free; `up {profile}` needs {needed:.1f} GiB.{advice}"]


def _disk(settings: Settings) -> list[str]:
    reason = free_disk.shortage([_existing(settings.home)], settings.retention.free_disk_gib)
    if not reason:
        return []
    return [f"{reason} (retention.free_disk_gib). Below that, visitors pause and collectors refuse events."]


def _ports(settings: Settings, services: list[Service]) -> list[str]:
    held = listeners()
    return [
        f"Port {settings.port(name)}, which {service.name} needs, is used by {_holder(held[settings.port(name)])}. "
        f"Stop it, or move Footfall with FOOTFALL_PORTS__{name.upper()}=… or FOOTFALL_PORT_OFFSET=…."
        for service in services
        for name in service.ports
        if settings.port(name) in held
    ]


def _misfits(settings: Settings, services: Collection[Service], running: set[str]) -> list[str]:
    asked = [service.misfit for service in services if service.misfit is not None and service.name in running]
    return [found for misfit in asked if (found := misfit(settings))]


def listeners() -> dict[int, int | None]:
    """The TCP ports on which a process listens, with its process id; None for a process of another user."""
    return {
        connection.laddr.port: connection.pid
        for connection in psutil.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr
    }


def _holder(pid: int | None) -> str:
    if pid is None:
        return "another user's process"
    try:
        process = psutil.Process(pid)
        return f"process {pid} ({process.name()}: {' '.join(process.cmdline())[:80]})"
    except psutil.Error:
        return f"process {pid}"


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path

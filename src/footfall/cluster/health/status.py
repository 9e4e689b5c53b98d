"""The state of every service, from the process manager and the last probes of the watchdog. Starts no process."""

import json
import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, TypedDict

import psutil

from footfall.cluster.health import probes
from footfall.cluster.health.disk import disk
from footfall.cluster.service import Service
from footfall.cluster.services import BY_NAME
from footfall.cluster.supervision import lifecycle, under_way
from footfall.cluster.supervision.manager import Manager, Process
from footfall.lags import lags
from footfall.runtime.errors import Unhealthy
from footfall.settings import Settings

State = Literal["healthy", "starting", "stopped", "failed"]
# How long a service may take to start. After that, an unhealthy service has failed.
_GRACE_S = 180
_FRESH_S = 45


class ServiceStatus(TypedDict):
    """One line of `./footfall status`. Memory is in MiB; rss counts shared pages in full, pss proportionally."""

    name: str
    engine: str
    state: State
    pid: int | None
    rss_mb: float | None
    pss_mb: float | None
    uptime_s: float | None
    detail: str


class Status(TypedDict):
    """The JSON document of `./footfall status`."""

    healthy: bool
    services: list[ServiceStatus]
    lags: list[dict[str, Any]]
    disk: dict[str, Any]


def status(settings: Settings) -> Status:
    """The state of all services that `up` was asked to start."""
    names = [name for name in BY_NAME if name in lifecycle.requested(settings)]
    processes = Manager(settings).processes()
    seen = read_health(settings)
    coming = under_way.services(settings)
    services = [service for name in names if (service := BY_NAME[name]).probe is not None]
    with ThreadPoolExecutor(len(services) + 1) as pool:
        behind = pool.submit(lags, settings, names)
        lines = list(
            pool.map(lambda s: _line(settings, s, processes.get(s.name), seen.get(s.name), s.name in coming), services)
        )
        measured = [lag._asdict() for lag in behind.result()]
    healthy = bool(lines) and all(line["state"] == "healthy" for line in lines)
    return {"healthy": healthy, "services": lines, "lags": measured, "disk": disk(settings)._asdict()}


def read_health(settings: Settings) -> dict[str, dict[str, Any]]:
    """The last findings of the watchdog by service: `{"ok", "detail", "at", "pid"}`, `at` in seconds since the epoch.

    pid: the process that was probed; None for a step. Empty if the watchdog has written nothing yet.
    """
    try:
        return dict(json.loads((settings.run_dir / "health.json").read_text("utf-8")))
    except (OSError, ValueError):
        return {}


def _line(
    settings: Settings, service: Service, process: Process | None, seen: dict[str, Any] | None, is_coming: bool
) -> ServiceStatus:
    """is_coming: a running `up` is starting the service."""
    line: ServiceStatus = {
        "name": service.name,
        "engine": service.engine,
        "state": "stopped",
        "pid": None,
        "rss_mb": None,
        "pss_mb": None,
        "uptime_s": None,
        "detail": "",
    }
    if service.kind == "step":
        ok, line["detail"] = _health(settings, service, None, seen)
        is_new = is_coming or _age_s(settings, service) < _GRACE_S
        line["state"] = "healthy" if ok else "starting" if is_new else "failed"
        return line
    if process is None or process.state == "STOPPED":
        if is_coming:
            line["state"], line["detail"] = "starting", "`up` has not started it yet"
        return line
    log = settings.logs_dir / f"{service.name}.log"
    if process.pid is None or process.state in ("BACKOFF", "FATAL", "EXITED"):
        line["state"] = "failed"
        line["detail"] = f"{process.description}; the last lines of its log:\n{lifecycle.last_lines(log, 3)}"
        return line
    uptime_s = round(time.time() - process.started_s, 1)
    line["pid"], line["uptime_s"] = process.pid, uptime_s
    line["rss_mb"], line["pss_mb"] = _memory(process.pid)
    ok, line["detail"] = _health(settings, service, process, seen)
    if ok:
        line["state"] = "healthy"
    else:
        line["state"] = "starting" if uptime_s < _GRACE_S else "failed"
    return line


def _age_s(settings: Settings, step: Service) -> float:
    """Seconds since the step last changed something; infinite if that is unknown."""
    changed_s = step.changed_s(settings) if step.changed_s else None
    return math.inf if changed_s is None else time.time() - changed_s


def _health(
    settings: Settings, service: Service, process: Process | None, seen: dict[str, Any] | None
) -> tuple[bool, str]:
    """The watchdog's finding if it is recent and about this process, else the result of a new probe.

    A reported fault is probed again for a starting service, which may be healthy by now, and always for a step.
    """
    now_s = time.time()
    settled = process is not None and now_s - process.started_s > _GRACE_S
    # Compare process ids, because start times in whole seconds cannot tell a process from its successor.
    same_process = seen is not None and seen.get("pid") == (None if process is None else process.pid)
    if seen is not None and same_process and seen["at"] > now_s - _FRESH_S and (seen["ok"] or settled):
        return bool(seen["ok"]), str(seen["detail"])
    try:
        probes.probe(settings, service.name)
    except Unhealthy as error:
        return False, str(error)
    return True, ""


def _memory(pid: int) -> tuple[float | None, float | None]:
    """RSS and PSS of a process and its children, MiB; None where another user's process hides them."""
    try:
        process = psutil.Process(pid)
        full = [p.memory_full_info() for p in (process, *process.children(recursive=True))]
    except psutil.Error:
        return None, None
    return round(sum(m.rss for m in full) / 2**20, 1), round(sum(m.pss for m in full) / 2**20, 1)

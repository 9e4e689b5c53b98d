"""The watchdog: checks the free disk, probes every service, restarts those that stay unhealthy, and runs the sweeps.

supervisord restarts processes that end; the watchdog restarts processes that run but do not work. It is a service
itself.
"""

import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from footfall.cluster.health import probes
from footfall.cluster.services import BY_NAME
from footfall.cluster.supervision import lifecycle, sweeps
from footfall.cluster.supervision.manager import Manager, Process
from footfall.notify import deliver
from footfall.runtime import free_disk
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings, load_settings

_TICK_S = 1.0
_PROBE_EVERY_S = 15.0
_PROBE_AGAIN_S = 3.0
_RESTART_AFTER_S = 180.0
_LONGEST_BACKOFF_S = 60.0
_DISK_EVERY_S = 10.0

log = logging.getLogger("watchdog")


@dataclass
class Watch:
    """The watchdog's knowledge of one service. Times are monotonic, except `at`, which is wall-clock time."""

    ok: bool = False
    detail: str = "not probed yet"
    at: float = 0.0
    pid: int | None = None
    due: float = 0.0
    unhealthy_since: float | None = None
    backoff_since: float | None = None
    pending: Future[str] | None = field(default=None, repr=False)


class Watchdog:
    """Monitors the services that `up` was asked to start."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._manager = Manager(settings)
        self._watches: dict[str, Watch] = {}
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="probe")
        self._disk_due = 0.0
        self._troubles: dict[str, str] = {}
        self._sweeper = sweeps.Sweeper(settings, sweeps.of_watchdog(settings))

    def tick(self) -> None:
        """One round. A full disk, or whatever else the system refuses, ends neither the round nor the watchdog."""
        # What protects the disk comes first, and what frees it must not depend on the rest.
        self._try("check the free disk", self._guard_disk)
        self._try("monitor the services", self._monitor)
        self._try("sweep", self._sweeper.run_due)

    def _try(self, purpose: str, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as error:
            # Once a second, the same line would help to fill the disk.
            if self._troubles.get(purpose) != str(error):
                log.warning("The watchdog cannot %s: %s", purpose, error)
            self._troubles[purpose] = str(error)
        else:
            self._troubles.pop(purpose, None)

    def _guard_disk(self) -> None:
        now = self._clock()
        if now >= self._disk_due:
            self._disk_due = now + _DISK_EVERY_S
            free_disk.guard(self._settings)

    def _monitor(self) -> None:
        """Collects finished probes, starts due ones, restarts services, and writes `health.json`."""
        names = [n for n in lifecycle.requested(self._settings) if BY_NAME[n].probe is not None and n != "watchdog"]
        if self._settings.is_node:
            # The nodes of a cluster monitor their own processes. Steps have none.
            names = [n for n in names if BY_NAME[n].kind == "step"]
        processes = self._manager.processes()
        now = self._clock()
        for name in names:
            watch = self._watches.setdefault(name, Watch())
            process = processes.get(name)
            self._collect(name, watch, now)
            if process is not None and process.pid != watch.pid:
                # A new process: forget the findings about the old one, and give it the full time to start.
                watch.pid, watch.ok, watch.due, watch.unhealthy_since = process.pid, False, now, now
                watch.pending = None
            self._start_probe(name, watch, process, now)
            self._restart_if_needed(name, watch, process, now)
        self._write_health(names)

    def _collect(self, name: str, watch: Watch, now: float) -> None:
        if watch.pending is None or not watch.pending.done():
            return
        fault, watch.pending = watch.pending.result(), None
        if fault and watch.ok:
            log.warning("%s is unhealthy: %s", name, fault)
        watch.ok, watch.detail, watch.at = not fault, fault, time.time()
        watch.due = now + (_PROBE_EVERY_S if watch.ok else _PROBE_AGAIN_S)
        watch.unhealthy_since = None if watch.ok else (watch.unhealthy_since or now)

    def _start_probe(self, name: str, watch: Watch, process: Process | None, now: float) -> None:
        is_process = BY_NAME[name].command is not None
        if is_process and (process is None or process.pid is None):
            watch.ok = False
            return
        if watch.pending is None and now >= watch.due:
            watch.pending = self._pool.submit(probes.fault, self._settings, name)

    def _restart_if_needed(self, name: str, watch: Watch, process: Process | None, now: float) -> None:
        if process is not None and process.state in ("BACKOFF", "FATAL", "EXITED"):
            watch.backoff_since = watch.backoff_since or now
            if now - watch.backoff_since >= _LONGEST_BACKOFF_S:
                watch.backoff_since = None
                self._restart(name, f"its restart has been pending for {_LONGEST_BACKOFF_S:.0f} s")
            return
        watch.backoff_since = None
        if watch.unhealthy_since is not None and now - watch.unhealthy_since >= _RESTART_AFTER_S:
            watch.unhealthy_since = now
            self._restart(name, f"unhealthy for {_RESTART_AFTER_S:.0f} s: {watch.detail}")

    def _restart(self, name: str, reason: str) -> None:
        log.warning("restarting %s: %s", name, reason)
        # In the background, because a stop may take a minute and the other services need monitoring meanwhile.
        self._pool.submit(_restart, self._settings, self._manager, name)

    def _write_health(self, names: list[str]) -> None:
        document = {
            name: {"ok": watch.ok, "detail": watch.detail, "at": watch.at, "pid": watch.pid}
            for name, watch in self._watches.items()
            if name in names
        }
        document["watchdog"] = {"ok": True, "detail": "", "at": time.time(), "pid": os.getpid()}
        path = self._settings.run_dir / "health.json"
        part = path.with_suffix(".part")
        part.write_text(json.dumps(document), "utf-8")
        part.replace(path)


def _restart(settings: Settings, manager: Manager, name: str) -> None:
    """Restarts a service. For a step: restarts the services in its `restarts`, then runs the step again."""
    service = BY_NAME[name]
    try:
        if service.step is not None:
            for other in () if settings.is_node else service.restarts:
                log.warning("restarting %s for %s", other, name)
                manager.restart(other)
            service.step(settings)
        else:
            manager.restart(name)
    except ClusterError as error:
        log.warning("%s could not be restarted: %s", name, error)
    except Exception:  # an exception in a pool thread would otherwise be lost
        log.exception("%s could not be restarted", name)


def main() -> int:
    """Runs until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    settings = load_settings()
    watchdog = Watchdog(settings)
    if settings.alerts.webhook_url or settings.alerts.mail_to:
        threading.Thread(target=deliver.run, args=(settings, stop), name="deliver", daemon=True).start()
    parent = os.getppid()
    while not stop.wait(_TICK_S):
        if os.getppid() != parent:
            log.warning("the process manager has ended; ending too")
            break
        watchdog.tick()
    # Probe threads may hang, and there is nothing to save.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())

"""The watchdog: keeps asking every service to do its work, restarts what does not, guards the disk, sweeps what is old.

supervisord starts again what dies; the watchdog sees what lives and does not work. It runs as a service itself.
"""

import json
import logging
import os
import shutil
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
from footfall.runtime.errors import ClusterError, Unhealthy
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
    """What the watchdog knows of one service. Times are of the monotonic clock, `at` of the wall clock."""

    ok: bool = False
    detail: str = "not asked yet"
    at: float = 0.0
    pid: int | None = None
    due: float = 0.0
    troubled_since: float | None = None
    backoff_since: float | None = None
    asking: Future[str] | None = field(default=None, repr=False)


class Watchdog:
    """Watches the services that `up` asked for."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._manager = Manager(settings)
        self._watches: dict[str, Watch] = {}
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="probe")
        self._disk_due = 0.0
        self._sweeper = sweeps.Sweeper(settings)

    def tick(self) -> None:
        """One round: collects findings, asks those that are due, acts, and writes `health.json`."""
        names = [n for n in lifecycle.wanted(self._settings) if BY_NAME[n].probe is not None and n != "watchdog"]
        processes = self._manager.processes()
        now = self._clock()
        for name in names:
            watch = self._watches.setdefault(name, Watch())
            process = processes.get(name)
            self._collect(name, watch, now)
            if process is not None and process.pid != watch.pid:
                # Another process: what is known of the old one says nothing, and it gets its own time to start.
                watch.pid, watch.ok, watch.due, watch.troubled_since = process.pid, False, now, now
                watch.asking = None
            self._ask(name, watch, process, now)
            self._act(name, watch, process, now)
        self._write_health(names)
        if now >= self._disk_due:
            self._disk_due = now + _DISK_EVERY_S
            guard_disk(self._settings)
        self._sweeper.run_due()

    def _collect(self, name: str, watch: Watch, now: float) -> None:
        if watch.asking is None or not watch.asking.done():
            return
        fault, watch.asking = watch.asking.result(), None
        if fault and watch.ok:
            log.warning("%s is not well: %s", name, fault)
        watch.ok, watch.detail, watch.at = not fault, fault, time.time()
        watch.due = now + (_PROBE_EVERY_S if watch.ok else _PROBE_AGAIN_S)
        watch.troubled_since = None if watch.ok else (watch.troubled_since or now)

    def _ask(self, name: str, watch: Watch, process: Process | None, now: float) -> None:
        is_process = BY_NAME[name].command is not None
        if is_process and (process is None or process.pid is None):
            watch.ok = False
            return
        if watch.asking is None and now >= watch.due:
            watch.asking = self._pool.submit(_finding, self._settings, name)

    def _act(self, name: str, watch: Watch, process: Process | None, now: float) -> None:
        if process is not None and process.state in ("BACKOFF", "FATAL", "EXITED"):
            watch.backoff_since = watch.backoff_since or now
            if now - watch.backoff_since >= _LONGEST_BACKOFF_S:
                watch.backoff_since = None
                self._restart(name, f"it has waited {_LONGEST_BACKOFF_S:.0f} s to be tried again")
            return
        watch.backoff_since = None
        if watch.troubled_since is not None and now - watch.troubled_since >= _RESTART_AFTER_S:
            watch.troubled_since = now
            self._restart(name, f"unhealthy for {_RESTART_AFTER_S:.0f} s: {watch.detail}")

    def _restart(self, name: str, why: str) -> None:
        log.warning("starting %s again: %s", name, why)
        # In the background: a stop may take a minute, and the others are to be watched meanwhile.
        self._pool.submit(_start_again, self._settings, self._manager, name)

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


def guard_disk(settings: Settings) -> None:
    """Keeps `run_dir/disk-low` while less disk is free than the settings want; visitors and collectors look for it."""
    free = shutil.disk_usage(settings.home).free / 2**30
    flag = settings.run_dir / "disk-low"
    low = free < settings.retention.free_disk_gib
    if low and not flag.exists():
        log.warning("%.1f GiB of disk are free: visitors pause and collectors refuse", free)
        flag.touch()
    elif not low and flag.exists():
        log.warning("%.1f GiB of disk are free again", free)
        flag.unlink(missing_ok=True)


def _finding(settings: Settings, name: str) -> str:
    """'' if the service did its work, else what was wrong."""
    try:
        probes.probe(settings, name)
    except Unhealthy as error:
        return str(error)
    except Exception as error:  # a probe's own mistake must not end the watch over all the others
        log.exception("the probe of %s failed", name)
        return f"the probe failed: {error}"
    return ""


def _start_again(settings: Settings, manager: Manager, name: str) -> None:
    """Starts a service anew; a step is done again, after the services that it names are started anew."""
    service = BY_NAME[name]
    try:
        if service.step is not None:
            for other in service.restarts:
                log.warning("starting %s again for %s", other, name)
                manager.restart(other)
            service.step(settings)
        else:
            manager.restart(name)
    except ClusterError as error:
        log.warning("%s could not be started again: %s", name, error)
    except Exception:  # in a pool's thread nobody else would tell of it
        log.exception("%s could not be started again", name)


def main() -> int:
    """Watches until SIGTERM."""
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
            log.warning("the process manager is gone; ending")
            break
        watchdog.tick()
    # Threads may hang in a probe; there is nothing to save.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())

"""One service as the first process of a container, which is one node of a cluster.

It waits until the services that its own one needs answer, starts it, reaps all orphans, and probes it from inside. The
result is a line in a file, so that the container's health check starts no Python. A service that is unhealthy for three
minutes, or is not healthy ten minutes after its start, is ended with the whole container, which the engine then starts
again.

A step runs once and ends. Without a service, a node only renders the configuration that the command line needs.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Final

from footfall.cluster.health import preflight, probes
from footfall.cluster.service import Service
from footfall.cluster.services import BY_NAME, PROFILES, SERVICES
from footfall.cluster.supervision import configure, run, sweeps
from footfall.cluster.supervision.steps import run_step
from footfall.runtime import requested
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings

log = logging.getLogger("node")

# The node of the command line, which runs no service.
CLI: Final = "cli"
HEALTHY: Final = "ok"
_TICK_S: Final = 0.5
_PROBE_EVERY_S: Final = 15.0
_PROBE_AGAIN_S: Final = 2.0
_END_AFTER_S: Final = 180.0
# A start takes longer on a machine on which all nodes start. Ending it too early would only start it again, for ever.
_END_START_AFTER_S: Final = 600.0
_STEP_AGAIN_S: Final = 5.0
# A step repeats what an engine refuses for this long: an engine that has just started may not know all its nodes.
_STEP_PATIENCE_S: Final = 300.0


def health_file(settings: Settings) -> Path:
    """The file whose first line is `ok`, or a sentence about what is wrong."""
    return settings.conf_dir / "health"


def serve(settings: Settings, name: str) -> int:
    """Runs the service until it ends or is told to end. Returns the exit status. Raises ClusterError."""
    if name != CLI and name not in BY_NAME:
        raise ClusterError(f"There is no service {name!r}; there are: {CLI}, {', '.join(BY_NAME)}.")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _setter(stop))
    for obstacle in preflight.open_files():
        log.warning("%s", obstacle)
    for folder in (settings.conf_dir, settings.run_dir, settings.logs_dir):
        folder.mkdir(parents=True, exist_ok=True)
    for service in SERVICES:
        # Its programs may be clients of any engine.
        configure.write_files(settings, service)
    if name == CLI:
        # The nodes of our own programs share the folder.
        requested.write(settings, PROFILES[settings.profile])
        _report(settings, HEALTHY)
        _idle(stop)
        return 0
    service = BY_NAME[name]
    _wait_for_needs(settings, service, stop)
    if stop.is_set():
        return 0
    if service.step is not None:
        _do_step(settings, service.step, stop)
        return 0
    return _Process(settings, service, stop).run()


def processes_needed(service: Service) -> list[Service]:
    """The services with a process that must be healthy first: those that it needs, or that steps it needs need."""
    found: dict[str, Service] = {}

    def add(names: tuple[str, ...]) -> None:
        for need in map(BY_NAME.__getitem__, names):
            if need.kind == "step":
                add(need.needs)
            else:
                found[need.name] = need

    add(service.needs)
    return list(found.values())


def _setter(stop: threading.Event) -> Callable[[int, FrameType | None], None]:
    return lambda _number, _frame: stop.set()


def _idle(stop: threading.Event) -> None:
    while not stop.wait(_TICK_S):
        for _ in _reaped():
            pass


def _reaped() -> Iterator[tuple[int, int]]:
    """Reaps the children that have ended, orphans included. Yields the id and exit status of each."""
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            yield pid, os.waitstatus_to_exitcode(status)


def _wait_for_needs(settings: Settings, service: Service, stop: threading.Event) -> None:
    for need in processes_needed(service):
        told = ""
        while (fault := _fault_everywhere(settings, need)) and not stop.is_set():
            if fault != told:
                log.info("waiting for %s: %s", need.name, fault)
                told = fault
            _report(settings, f"it waits for {need.name}: {fault}")
            stop.wait(_PROBE_AGAIN_S)


def _fault_everywhere(settings: Settings, service: Service) -> str:
    """'' if the service is healthy on one of its hosts, else what is wrong on the last one."""
    hosts = settings.hosts.of(service.ports[0]) if service.ports else ("",)
    fault = ""
    for host in hosts:
        if not (fault := probes.fault(settings.model_copy(update={"host": host or settings.host}), service.name)):
            return ""
    return fault


def _report(settings: Settings, line: str) -> bool:
    """Writes the line for the health check; returns False if it could not."""
    path = health_file(settings)
    draft = path.with_suffix(".part")
    try:
        draft.write_text(" ".join(line.split()) + "\n", "utf-8")
        draft.replace(path)
    except OSError as error:
        # A full disk must not end the service, which works without this file.
        log.warning("The health of this node cannot be written: %s", error)
        return False
    return True


def _do_step(settings: Settings, step: Callable[[Settings], None], stop: threading.Event) -> None:
    try:
        run_step(
            settings,
            step,
            stop,
            _STEP_PATIENCE_S,
            _STEP_AGAIN_S,
            lambda error: log.info("trying again: %s", error),
        )
    except ClusterError:
        # A node that is told to end does not fail.
        if not stop.is_set():
            raise
    else:
        log.info("done")


class _Process:
    """The process of the service, from its start to its end."""

    def __init__(self, settings: Settings, service: Service, stop: threading.Event) -> None:
        self._settings = settings
        self._service = service
        self._stop = stop
        self._told = ""
        self._unhealthy_since = self._due = 0.0
        self._patience_s = _END_START_AFTER_S
        self._pending: Future[str] | None = None

    def run(self) -> int:
        configure.write(self._settings, self._service)
        pid = os.fork()  # before the first thread
        if pid == 0:
            try:
                run.execute(self._settings, self._service)
            except BaseException:
                log.exception("%s could not be started", self._service.name)
            finally:
                os._exit(127)
        sweeper = sweeps.Sweeper(self._settings, [sweep for sweep in self._service.sweeps if sweep.on_each_node])
        self._unhealthy_since = time.monotonic()
        self._note("it is starting")
        with ThreadPoolExecutor(1, thread_name_prefix="probe") as pool:
            while not self._stop.wait(_TICK_S):
                if (status := self._status_of(pid)) is not None:
                    log.warning("%s ended with status %d", self._service.name, status)
                    self._note(f"its process ended with status {status}")
                    return status if status > 0 else 1
                self._probe(pool)
                sweeper.run_due()
                if self._unhealthy_since and time.monotonic() - self._unhealthy_since > self._patience_s:
                    log.error("ending, because %s is unhealthy for %.0f s", self._service.name, self._patience_s)
                    self._end(pid)
                    # A hanging probe must not delay the end.
                    os._exit(1)
        self._end(pid)
        return 0

    def _probe(self, pool: ThreadPoolExecutor) -> None:
        now = time.monotonic()
        if self._pending is not None and self._pending.done():
            fault, self._pending = self._pending.result(), None
            self._note(fault or HEALTHY)
            self._due = now + (_PROBE_AGAIN_S if fault else _PROBE_EVERY_S)
            self._unhealthy_since = (self._unhealthy_since or now) if fault else 0.0
            if not fault:
                self._patience_s = _END_AFTER_S
        if self._pending is None and now >= self._due:
            self._pending = pool.submit(probes.fault, self._settings, self._service.name)

    def _note(self, line: str) -> None:
        if line != self._told:
            log.info("%s: %s", self._service.name, line)
            if _report(self._settings, line):
                self._told = line

    def _status_of(self, pid: int) -> int | None:
        """The exit status of the process; None while it runs."""
        return next((status for child, status in _reaped() if child == pid), None)

    def _end(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT if self._service.stop_signal == "INT" else signal.SIGTERM)
            deadline = time.monotonic() + self._service.stop_s
            while self._status_of(pid) is None:
                if time.monotonic() > deadline:
                    log.warning("%s did not end within %d s and is killed", self._service.name, self._service.stop_s)
                    os.kill(pid, signal.SIGKILL)
                    deadline += self._service.stop_s
                time.sleep(0.05)

"""`up` and `down`: starts each service the moment what it needs is healthy, and stops them in the reverse order."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from footfall.cluster.health import preflight, probes
from footfall.cluster.installation import install
from footfall.cluster.service import Say, Service
from footfall.cluster.services import BY_NAME, PROFILES, SERVICES, stop_order, with_needs
from footfall.cluster.supervision import run, under_way
from footfall.cluster.supervision.manager import Manager
from footfall.runtime import orphans
from footfall.runtime import requested as remembered
from footfall.runtime.errors import ClusterError, RetryUseless, Unhealthy
from footfall.settings import Settings

_POLL_S = 0.5
_LOG_LINES = 8
_STEP_PATIENCE_S = 60.0
_STEP_AGAIN_S = 2.0

# Told of each service as it becomes healthy: its name and seconds since its start.
Report = Callable[[str, float], None]


def up(settings: Settings, profile: str, only: tuple[str, ...], report: Report, say: Say) -> list[Service]:
    """Brings services up and waits until each is healthy; does nothing to what is up already and unchanged.

    only: names of services to bring up with all they need, instead of a profile's.
    Returns the services. Raises ClusterError with a sentence and leaves what came up running.
    """
    services = with_needs(only or PROFILES[profile])
    manager = Manager(settings)
    with exclusive(settings, say), under_way.announced(settings, (service.name for service in services)):
        ended = orphans.end(orphans.orphans(settings, manager.pid(), manager.pids))
        if ended:
            say(f"ended {ended} processes that had lost their manager")
        install.ensure(settings, services)
        alive = {name: process for name, process in manager.processes().items() if process.pid is not None}
        findings = preflight.check(settings, profile, services, set(alive))
        if findings:
            raise ClusterError("\n".join(findings))
        run.snapshot(settings)
        _remember_wanted(settings, services)
        _manage(manager, services, say)
        _start_all(settings, manager, services, report)
    return services


def down(settings: Settings, say: Say) -> None:
    """Stops everything, those first that feed the others; afterwards no process of this platform is left."""
    manager = Manager(settings)
    with exclusive(settings, say):
        remembered.forget(settings)
        if manager.alive():
            known = manager.processes()
            ran = {name for name, process in known.items() if process.pid is not None}
            for services in stop_order():
                _stop(manager, [service.name for service in services if service.name in known], say)
                for service in services:
                    if service.after_stop is not None:
                        service.after_stop(settings, ran, say)
            manager.shutdown()
        left = orphans.end(orphans.marked(settings))
        if left:
            say(f"ended {left} processes that were left")


@contextmanager
def exclusive(settings: Settings, say: Say) -> Iterator[None]:
    """Holds the lock under which a platform is started or stopped; waits for another `up` or `down` and says so."""
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.run_dir / "up.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say("another `up` or `down` of this platform is at work; waiting for it")
        try:
            lock.acquire(timeout=2 * settings.up_timeout_s)
        except Timeout:
            raise ClusterError(
                "Another `up` or `down` of this platform does not end; see `./footfall status`."
            ) from None
    try:
        yield
    finally:
        lock.release()


def wanted(settings: Settings) -> list[str]:
    """Names of the services that the last `up` brought up; none after `down`."""
    return [name for name in remembered.read(settings) if name in BY_NAME]


def last_lines(path: Path, count: int = _LOG_LINES) -> str:
    """The end of a log, for a sentence about what went wrong."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return "(no log)"
    return "\n".join("  " + line[:300] for line in lines[-count:])


def _remember_wanted(settings: Settings, services: list[Service]) -> None:
    remembered.write(settings, {*wanted(settings), *(service.name for service in services)})


def _manage(manager: Manager, services: list[Service], say: Say) -> None:
    """Makes the manager know these services beside those it knows, as they are configured now."""
    known = manager.processes()
    names = {*known, *(service.name for service in services)}
    manager.configure([service for service in SERVICES if service.name in names and service.command is not None])
    if not manager.alive():
        manager.start()
        return
    changed = manager.apply()
    for name in changed & (known.keys() - {service.name for service in services}):
        # Not asked for now, but it ran: it goes on as it is configured now.
        if known[name].pid is not None:
            manager.ensure_started(name)
    if changed:
        say(f"changed, so started anew: {', '.join(sorted(changed))}")


def _start_all(settings: Settings, manager: Manager, services: list[Service], report: Report) -> None:
    healthy = {service.name: threading.Event() for service in services}
    abort = threading.Event()

    def bring_up(service: Service) -> None:
        for need in service.needs:
            while not healthy[need].wait(_POLL_S):
                if abort.is_set():
                    return
        if abort.is_set():
            return
        started = time.monotonic()
        try:
            if service.step is not None:
                _take_step(settings, service.step, abort)
            else:
                manager.ensure_started(service.name)
            if service.probe is not None:
                _await_healthy(settings, manager, service, abort)
        except BaseException:
            abort.set()
            raise
        healthy[service.name].set()
        report(service.name, time.monotonic() - started)

    with ThreadPoolExecutor(len(services)) as pool:
        jobs = [pool.submit(bring_up, service) for service in services]
        errors = [error for job in jobs if (error := job.exception()) is not None]
    if errors:
        raise errors[0]


def _take_step(settings: Settings, step: Callable[[Settings], None], abort: threading.Event) -> None:
    """Tries again for a while: an engine that is healthy on a busy machine may still be slow to answer."""
    deadline = time.monotonic() + _STEP_PATIENCE_S
    while True:
        try:
            step(settings)
            return
        except RetryUseless:
            raise
        except ClusterError:
            if time.monotonic() > deadline or abort.wait(_STEP_AGAIN_S):
                raise


def _await_healthy(settings: Settings, manager: Manager, service: Service, abort: threading.Event) -> None:
    deadline = time.monotonic() + settings.up_timeout_s
    log = settings.logs_dir / f"{service.name}.log"
    while not abort.is_set():
        try:
            probes.probe(settings, service.name)
            return
        except Unhealthy as error:
            reason = str(error)
        if time.monotonic() > deadline:
            process = manager.processes().get(service.name)
            state = f"; its process is {process.state}" if process else ""
            raise ClusterError(
                f"{service.name} did not become healthy within {settings.up_timeout_s} s ({reason}{state}). "
                f"The end of {log}:\n{last_lines(log)}"
            )
        abort.wait(_POLL_S)


def _stop(manager: Manager, names: list[str], say: Say) -> None:
    """Stops services of one kind side by side."""
    if not names:
        return
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(manager.stop, names))
    say(f"stopped {', '.join(names)}")

"""`up` and `down`: starts each service once those it needs are healthy, and stops all in the reverse order."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from footfall.cluster.health import preflight, probes
from footfall.cluster.installation import install
from footfall.cluster.service import Report, Service
from footfall.cluster.services import BY_NAME, PROFILES, SERVICES, stop_order, with_needs
from footfall.cluster.supervision import run, under_way
from footfall.cluster.supervision.manager import Manager
from footfall.cluster.supervision.purge import Purged, claim
from footfall.cluster.supervision.purge import purge as delete
from footfall.cluster.supervision.steps import run_step
from footfall.jobs import execution
from footfall.runtime import free_disk, orphans
from footfall.runtime import requested as remembered
from footfall.runtime.errors import ClusterError, Unhealthy
from footfall.settings import Settings

_POLL_S = 0.5
_LOG_LINES = 8
_STEP_PATIENCE_S = 60.0
_STEP_AGAIN_S = 2.0

# Called when a service becomes healthy, with its name and the seconds since its start.
OnHealthy = Callable[[str, float], None]


def up(settings: Settings, profile: str, only: tuple[str, ...], on_healthy: OnHealthy, report: Report) -> list[Service]:
    """Starts services and waits until all are healthy. Leaves running services alone unless they have changed.

    only: names of services to start, with all they need, instead of those of the profile.
    Returns the services. Raises ClusterError; the services that were started by then keep running.
    """
    for name in only:
        if reason := BY_NAME[name].switched_off(settings):
            raise ClusterError(f"{name} does not start, because {reason}.")
    services = [service for service in with_needs(only or PROFILES[profile]) if not service.switched_off(settings)]
    manager = Manager(settings)
    with exclusive(settings, report), _announced(settings, services, report):
        ended = orphans.end(orphans.orphans(settings, manager.pid(), lambda: _running(settings, manager)))
        if ended:
            report(f"ended {ended} leftover processes of an earlier run")
        alive = {name: process for name, process in manager.processes().items() if process.pid is not None}
        # Before the installation, which takes minutes.
        findings = preflight.check(settings, profile, services, set(alive))
        if findings:
            raise ClusterError("\n".join(findings))
        install.ensure(settings, services)
        run.snapshot(settings)
        _remember_requested(settings, services)
        _end_switched_off(settings, manager, report)
        _manage(settings, manager, services, report)
        _start_all(settings, manager, services, on_healthy)
    return services


def down(settings: Settings, report: Report, purge: bool = False) -> Purged | None:
    """Stops all services, producers before consumers. Afterwards no process of this platform is left.

    purge: also delete all data; the result says what stays. Raises ClusterError.
    """
    manager = Manager(settings)
    with exclusive(settings, report):
        remembered.forget(settings)
        if manager.alive():
            known = manager.processes()
            ran = {name for name, process in known.items() if process.pid is not None}
            for services in stop_order():
                _stop(manager, [service.name for service in services if service.name in known], report)
                for service in services:
                    if service.after_stop is not None:
                        service.after_stop(settings, ran, report)
            manager.shutdown()
        free_disk.forget(settings)
        left = orphans.end(orphans.marked(settings))
        if left:
            report(f"ended {left} remaining processes")
        # Still with the lock: an `up` that waits must not start while its folders go.
        return delete(settings) if purge else None


@contextmanager
def exclusive(settings: Settings, report: Report) -> Iterator[None]:
    """Holds the lock of `up` and `down`. If another one holds it, reports that and waits."""
    lock = FileLock(settings.run_dir / "up.lock")
    try:
        _acquire(settings, lock, 0)
    except Timeout:
        report("another `up` or `down` of this platform is running; waiting for it")
        try:
            _acquire(settings, lock, 2 * settings.up_timeout_s)
        except Timeout:
            raise ClusterError(
                "Another `up` or `down` of this platform does not finish. See `./footfall status`."
            ) from None
    try:
        yield
    finally:
        lock.release()


def _acquire(settings: Settings, lock: FileLock, timeout_s: float) -> None:
    """Acquires the lock. Raises Timeout."""
    while True:
        settings.run_dir.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=timeout_s)
        except FileNotFoundError:
            # A `down --purge` that held the lock has deleted the folder.
            continue
        return


@contextmanager
def _announced(settings: Settings, services: list[Service], report: Report) -> Iterator[None]:
    """Announces an `up`, after it has claimed the home's folders: nothing may be written before."""
    for sentence in claim(settings):
        report(sentence)
    with under_way.announced(settings, (service.name for service in services)):
        yield


def requested(settings: Settings) -> list[str]:
    """Names of the services that `up` was asked to start; none after `down`."""
    return [name for name in remembered.read(settings) if name in BY_NAME]


def last_lines(path: Path, count: int = _LOG_LINES) -> str:
    """The last lines of a log, for an error message."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return "(no log)"
    return "\n".join("  " + line[:300] for line in lines[-count:])


def _running(settings: Settings, manager: Manager) -> set[int]:
    """The processes of services, and the clients of jobs that somebody else started."""
    return {*manager.pids(), *execution.clients(settings)}


def _remember_requested(settings: Settings, services: list[Service]) -> None:
    names = {*requested(settings), *(service.name for service in services)}
    remembered.write(settings, {name for name in names if not BY_NAME[name].switched_off(settings)})


def _end_switched_off(settings: Settings, manager: Manager, report: Report) -> None:
    """Stops services that an earlier `up` started and these settings switch off, producers before consumers."""
    running = {name for name, process in manager.processes().items() if process.pid is not None}
    for services in stop_order():
        off = [service.name for service in services if service.name in running and service.switched_off(settings)]
        _stop(manager, off, report)


def _manage(settings: Settings, manager: Manager, services: list[Service], report: Report) -> None:
    """Adds these services to those of the process manager, and updates the configuration of all."""
    known = manager.processes()
    names = {*known, *(service.name for service in services)}
    names -= {service.name for service in SERVICES if service.switched_off(settings)}
    manager.configure([service for service in SERVICES if service.name in names and service.command is not None])
    if not manager.alive():
        manager.start()
        return
    changed = manager.apply()
    for name in changed & (known.keys() - {service.name for service in services}):
        # It was running but is not part of this `up`: restart it with its new configuration.
        if known[name].pid is not None:
            manager.ensure_started(name)
    if changed:
        report(f"restarting changed services: {', '.join(sorted(changed))}")


def waits(services: Sequence[Service]) -> dict[str, list[str]]:
    """Which of the services each of them waits for before it starts. A need that is not among them does not run."""
    names = {service.name for service in services}
    # The live half comes first: started together with the other one, it would take twice as long on two cores.
    live = [service.name for service in services if service.name in PROFILES["realtime"]]
    return {
        service.name: [
            need for need in (service.needs if service.name in live else (*service.needs, *live)) if need in names
        ]
        for service in services
    }


def _start_all(settings: Settings, manager: Manager, services: list[Service], on_healthy: OnHealthy) -> None:
    healthy = {service.name: threading.Event() for service in services}
    abort = threading.Event()
    needs = waits(services)

    def bring_up(service: Service) -> None:
        for need in needs[service.name]:
            while not healthy[need].wait(_POLL_S):
                if abort.is_set():
                    return
        if abort.is_set():
            return
        started = time.monotonic()
        try:
            if service.step is not None:
                run_step(settings, service.step, abort, _STEP_PATIENCE_S, _STEP_AGAIN_S)
            else:
                manager.ensure_started(service.name)
            if service.probe is not None:
                _await_healthy(settings, manager, service, abort)
        except BaseException:
            abort.set()
            raise
        healthy[service.name].set()
        on_healthy(service.name, time.monotonic() - started)

    with ThreadPoolExecutor(len(services)) as pool:
        jobs = [pool.submit(bring_up, service) for service in services]
        errors = [error for job in jobs if (error := job.exception()) is not None]
    if errors:
        raise errors[0]


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
                f"The last lines of {log}:\n{last_lines(log)}"
            )
        abort.wait(_POLL_S)


def _stop(manager: Manager, names: list[str], report: Report) -> None:
    """Stops these services in parallel."""
    if not names:
        return
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(manager.stop, names))
    report(f"stopped {', '.join(names)}")

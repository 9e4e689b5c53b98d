"""Processes without a manager are found by their mark and ended. Those of other homes are left alone."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from footfall.runtime import orphans
from footfall.settings import REPOSITORY, Settings
from tests.support.processes import has_ended

Start = Callable[..., psutil.Process]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a shell with a mark, and kills its remaining processes at the end."""
    started: list[subprocess.Popen[bytes]] = []

    def run(mark: Path, script: str = "exec sleep 60") -> psutil.Process:
        process = subprocess.Popen(
            ["/bin/sh", "-c", script], env={**os.environ, "FOOTFALL_MARK": str(mark)}, start_new_session=True
        )
        started.append(process)
        found = psutil.Process(process.pid)
        _until(lambda: found.environ().get("FOOTFALL_MARK") == str(mark))
        return found

    yield run
    for process in started:
        for one in _family(process.pid):
            one.kill()
        process.wait()


def _family(pid: int) -> list[psutil.Process]:
    try:
        return [*psutil.Process(pid).children(recursive=True), psutil.Process(pid)]
    except psutil.NoSuchProcess:
        return []


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_only_this_homes_processes_are_found_and_ended(settings: Settings, tmp_path: Path, start: Start) -> None:
    ours, others = start(settings.home), start(tmp_path / "other")
    longer = start(Path(f"{settings.home}-2"))
    assert orphans.marked(settings) == [ours]
    assert orphans.end(orphans.orphans(settings, None, set)) == 1
    assert has_ended(ours)
    assert not has_ended(others)
    assert not has_ended(longer)
    assert orphans.end(orphans.marked(settings)) == 0


def test_nobody_waits_for_a_zombie(settings: Settings, start: Start) -> None:
    parent = start(settings.home, "sleep 60 & exec sleep 600")
    _until(lambda: [child.name() for child in parent.children()] == ["sleep"] == [parent.name()])
    (child,) = parent.children()
    assert orphans.end([child], patience_s=1_000) == 1
    assert child.status() == psutil.STATUS_ZOMBIE


# Ends its first thread only. A killed process, too, is so for a moment: a zombie whose other threads still hold ports.
_WITHOUT_FIRST_THREAD = """
import ctypes, platform, signal, socket, threading, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
server = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=time.sleep, args=(60,)).start()
print(server.getsockname()[1], flush=True)
ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[platform.machine()], 0)
"""


def test_a_zombie_with_threads_has_not_ended() -> None:
    command = [sys.executable, "-c", _WITHOUT_FIRST_THREAD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        address = ("127.0.0.1", int(started.stdout.readline()))
        process = psutil.Process(started.pid)
        _until(lambda: process.status() == psutil.STATUS_ZOMBIE)
        socket.create_connection(address).close()
        orphans.end([process], patience_s=0.5)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)


def test_services_and_their_descendants_are_no_orphans(settings: Settings, start: Start) -> None:
    manager = start(settings.home, "sleep 60 & sh -c 'sleep 60 & wait' & wait")
    _until(lambda: len(manager.children(recursive=True)) == 3)
    services = {child.pid for child in manager.children()}
    lost = start(settings.home)
    assert len(orphans.marked(settings)) == 5
    assert orphans.orphans(settings, manager.pid, lambda: services) == [lost]
    # If the manager has ended, all are orphans.
    assert len(orphans.orphans(settings, 2**22 + 1, lambda: services)) == 5


def test_a_child_of_the_manager_that_is_no_service_is_an_orphan(settings: Settings, start: Start) -> None:
    """Its parent was a service and died; the manager only reaps it."""
    manager = start(settings.home, "sleep 60 & sleep 60 & wait")
    _until(lambda: len(manager.children()) == 2)
    service, left = manager.children()
    assert orphans.orphans(settings, manager.pid, lambda: {service.pid}) == [left]


def test_a_service_that_is_started_meanwhile_is_no_orphan(settings: Settings, start: Start) -> None:
    manager, started = start(settings.home), start(settings.home)

    def services() -> set[int]:
        assert started in orphans.marked(settings), "the services are asked for after the look at what runs"
        return {started.pid}

    assert orphans.orphans(settings, manager.pid, services) == []


def test_a_container_belongs_to_the_manager_under_which_it_was_started(settings: Settings, start: Start) -> None:
    container = "exec env CONTAINER_ID=container_1_0001_01_000002 sleep 60"
    earlier = start(settings.home, container)
    _until(lambda: "CONTAINER_ID" in earlier.environ())
    # Start times of processes have a resolution of 10 ms.
    time.sleep(0.02)
    manager = start(settings.home)
    time.sleep(0.02)
    later, lost = start(settings.home, container), start(settings.home)
    _until(lambda: "CONTAINER_ID" in later.environ())
    assert sorted(orphans.orphans(settings, manager.pid, set), key=lambda p: p.pid) == [earlier, lost]
    # After `down`, and under the next manager, it is an orphan.
    assert later in orphans.orphans(settings, None, set)
    assert sorted(orphans.containers(settings), key=lambda p: p.pid) == [earlier, later]


def test_the_calling_process_is_never_found(settings: Settings) -> None:
    os.environ["FOOTFALL_MARK"] = str(settings.home)
    # A running process keeps the environment that it started with, so a child process checks this.
    script = (
        "from footfall.runtime import orphans; from footfall.settings import load_settings\n"
        "print(orphans.marked(load_settings()))"
    )
    done = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -c '{script}'; true"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_a_process_that_ignores_sigterm_is_killed(settings: Settings, start: Start, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    stubborn = start(settings.home, f"trap '' TERM; touch {ready}; while :; do sleep 0.1; done")
    _until(ready.exists)
    assert orphans.end([stubborn], patience_s=0.3) == 1
    assert has_ended(stubborn)


def test_a_process_that_ended_meanwhile_is_ignored(settings: Settings, start: Start) -> None:
    process = start(settings.home)
    process.kill()
    _until(lambda: has_ended(process))
    assert orphans.end([process], patience_s=0.3) == 1

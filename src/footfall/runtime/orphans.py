"""Finds processes of this platform that no longer belong to its process manager, and ends them."""

import os
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final

import psutil

from footfall.settings import Settings

_LOOK_S: Final = 0.1


def marked(settings: Settings) -> list[psutil.Process]:
    """All processes with this platform's mark in their environment, except this one and its ancestors."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid not in own and process.environ().get("FOOTFALL_MARK") == str(settings.home):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def containers(settings: Settings) -> list[psutil.Process]:
    """Processes of this platform in YARN containers."""
    return [process for process in marked(settings) if _in_container(process)]


def orphans(
    settings: Settings, manager_pid: int | None, services: Callable[[], Collection[int]]
) -> list[psutil.Process]:
    """Marked processes that belong neither to a service of the running manager nor to its YARN containers.

    services: returns the ids of the processes that the manager is running. An orphan may be a child of the manager
    without being one of them.
    """
    found = marked(settings)
    if manager_pid is None:
        return found
    try:
        since_s = psutil.Process(manager_pid).create_time()
    except psutil.NoSuchProcess:
        return found
    # Call it after listing the processes, so that it includes those that the manager has started meanwhile.
    running = services()
    return [
        process
        for process in found
        if process.pid != manager_pid and not _belongs_to(process, running) and not _adoptable(process, since_s)
    ]


def end(processes: list[psutil.Process], patience_s: float = 10.0) -> int:
    """Ends processes with SIGTERM, then with SIGKILL after `patience_s` seconds. Returns their number."""
    for process in processes:
        _quietly(process.terminate)
    alive = _outliving(processes, patience_s)
    for process in alive:
        _quietly(process.kill)
    _outliving(alive, patience_s)
    return len(processes)


def _outliving(processes: list[psutil.Process], patience_s: float) -> list[psutil.Process]:
    """Waits up to `patience_s` seconds for processes to end. Returns those that still run.

    A process that has ended stays as a zombie until its parent asks for it, and the first process of some containers
    never does.
    """
    until = time.monotonic() + patience_s
    alive = processes
    while alive and time.monotonic() < until:
        _, alive = psutil.wait_procs(alive, timeout=_LOOK_S)
        alive = [process for process in alive if not _has_ended(process)]
    return alive


def _has_ended(process: psutil.Process) -> bool:
    """Whether a process is gone, or a zombie with no thread but its first, which alone holds no memory and no ports."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
    except psutil.NoSuchProcess:
        return True


def _belongs_to(process: psutil.Process, services: Collection[int]) -> bool:
    """True if the process is one of the services or a descendant of one."""
    try:
        return process.pid in services or any(parent.pid in services for parent in process.parents())
    except psutil.NoSuchProcess:
        return False


def _adoptable(process: psutil.Process, since_s: float) -> bool:
    """True if the process is in a YARN container that was started after the current manager, at `since_s`.

    Containers outlive a killed NodeManager and then descend from no service. The next NodeManager adopts them if it has
    the same manager (`yarn.prepare`).
    """
    try:
        return _in_container(process) and process.create_time() > since_s
    except psutil.NoSuchProcess:
        return False


def _in_container(process: psutil.Process) -> bool:
    try:
        return "CONTAINER_ID" in process.environ()
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False


def _quietly(action: Callable[[], object]) -> None:
    with suppress(psutil.NoSuchProcess):
        action()

"""Ensures that only one driver runs: a lock in ZooKeeper, and the end of what an earlier driver left running.

The lock of a killed driver stays until its ZooKeeper session expires. Its successor runs on the same machine and sees
that the process is dead, so it deletes that lock. The holder of the lock ends the processes and YARN applications of
earlier drivers before it starts its work. A living driver keeps its lock; one that lost it ends or is killed.
"""

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import psutil
from kazoo.client import KazooClient
from kazoo.exceptions import KazooException, LockTimeout, NoNodeError
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.recipe.lock import Lock

from footfall.errors import FootfallError
from footfall.runtime import orphans
from footfall.settings import Settings
from footfall.streaming import spark_session

_LOCK: Final = "/footfall/streaming"
_SESSION_S: Final = 20.0
_START_S: Final = 30.0
_LOCK_S: Final = 5.0
_ENDED_WITHIN_S: Final = 30.0
# These identify a driver's processes: the module that the driver runs, and the main class of its JVM.
_DRIVER: Final = "footfall.streaming.driver"
_JVM: Final = "org.apache.spark.deploy.SparkSubmit"

log = logging.getLogger("streaming")


class AnotherDriver(FootfallError):
    """Another driver may still be writing; the message is one sentence."""


class DriverLock:
    """The lock that a driver holds while it works.

    If the ZooKeeper session is lost, the process ends at once, since another driver may start.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = KazooClient(",".join(map(str, settings.addresses("zookeeper"))), timeout=_SESSION_S)
        self._lock: Lock = self._client.Lock(_LOCK, f"{os.getpid()} of {_place(settings)}")

    def acquire(self, stopped: Callable[[], bool]) -> bool:
        """Waits until no other driver holds the lock, or until `stopped` returns true. Returns whether it is held now.

        Raises AnotherDriver if ZooKeeper does not answer.
        """
        try:
            self._client.start(timeout=_START_S)
            self._take_from_the_dead()
            while not self._acquired():
                if stopped():
                    return False
                log.info("another driver holds the lock; if it is dead, ZooKeeper frees it within %.0f s", _SESSION_S)
                self._take_from_the_dead()
        except KazooTimeoutError:
            raise AnotherDriver(f"ZooKeeper did not answer within {_START_S:.0f} s.") from None
        except KazooException as error:
            raise AnotherDriver(f"ZooKeeper refused the driver's lock: {type(error).__name__}.") from None
        self._client.add_listener(_end_when_lost)
        return True

    def release(self) -> None:
        """Releases the lock, so that the next driver need not wait until this session expires."""
        self._client.remove_listener(_end_when_lost)
        with suppress(KazooException, KazooTimeoutError):
            self._client.stop()
            self._client.close()

    def _take_from_the_dead(self) -> None:
        """Deletes the locks of dead drivers. It must be called while this driver has no lock node itself."""
        with suppress(NoNodeError):  # no driver ever held the lock
            for name in self._client.get_children(_LOCK):
                with suppress(NoNodeError):  # its driver ended in the meantime
                    holder = self._client.get(f"{_LOCK}/{name}")[0].decode("utf-8", "replace")
                    if not may_live(holder, self._settings):
                        self._client.delete(f"{_LOCK}/{name}")
                        log.info("driver %s is dead; its lock was deleted", holder)

    def _acquired(self) -> bool:
        try:
            return bool(self._lock.acquire(timeout=_LOCK_S))
        except LockTimeout:
            return False


def _end_when_lost(state: str) -> None:
    if state == "LOST":
        log.error("the ZooKeeper session is lost, and with it this driver's lock; the driver ends")
        os._exit(1)


def may_live(holder: str, settings: Settings) -> bool:
    """Whether the driver that a lock node names (`PID of PLACE`) may still be running."""
    pid, _, place = holder.partition(" of ")
    if place != _place(settings) or not pid.isdecimal():
        return True
    if int(pid) == os.getpid():
        return False  # an earlier process with the same pid
    try:
        # Another process of this home may have reused the pid; then the driver waits until the session expires.
        return psutil.Process(int(pid)).environ().get("FOOTFALL_MARK") == str(settings.home)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _place(settings: Settings) -> str:
    """Where a process id means something: a home, whose path is the same on all nodes of a cluster."""
    return f"{settings.host}:{settings.home}" if settings.is_node else str(settings.home)


def end_processes(settings: Settings) -> int:
    """Kills the processes of earlier drivers on this machine: orphaned JVMs, and drivers that lost the lock.

    Returns their number. Raises AnotherDriver if one does not end.
    """
    conf = str(spark_session.conf_dir(settings))
    left = [process for process in orphans.marked(settings) if _is_of_a_driver(process, conf)]
    for process in left:
        log.warning("ending process %d, which an earlier driver left", process.pid)
        with suppress(psutil.NoSuchProcess):
            # SIGTERM would let it finish its current work first.
            process.kill()
    _, alive = psutil.wait_procs(left, timeout=_ENDED_WITHIN_S)
    if alive:
        raise AnotherDriver(f"Process {alive[0].pid} of an earlier driver did not end within {_ENDED_WITHIN_S:.0f} s.")
    return len(left)


def _is_of_a_driver(process: psutil.Process, conf: str) -> bool:
    try:
        words = process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    return _DRIVER in words or (_JVM in words and any(conf in word for word in words))

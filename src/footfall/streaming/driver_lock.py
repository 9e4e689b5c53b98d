"""One driver at a time: a lock in ZooKeeper, and an end to what an earlier driver left running, here and on YARN.

The lock of a driver that was killed stands until its session ends, since ZooKeeper cannot know. Its successor can: both
run on this machine. So it takes away the lock of a process that is gone, and whoever has the lock ends what is left of
others before it begins. A driver that lives keeps its lock, and one that lost it ends itself or is ended.
"""

import logging
import os
import time
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
from footfall.yarn import Yarn, YarnUnavailable

_LOCK: Final = "/footfall/streaming"
_SESSION_S: Final = 20.0
_START_S: Final = 30.0
_LOCK_S: Final = 5.0
_ENDED_WITHIN_S: Final = 30.0
_LOOK_EVERY_S: Final = 0.5
# By which its processes are told: the module that is run, and the class that a session's JVM runs.
_DRIVER: Final = "footfall.streaming.driver"
_JVM: Final = "org.apache.spark.deploy.SparkSubmit"

log = logging.getLogger("streaming")


class AnotherDriver(FootfallError):
    """It cannot be made sure that no other driver writes; the message is one sentence."""


class Alone:
    """Held while the driver works. If ZooKeeper lets go of it, the process ends at once: another may begin."""

    def __init__(self, settings: Settings) -> None:
        self._home = str(settings.home)
        self._client = KazooClient(",".join(map(str, settings.addresses("zookeeper"))), timeout=_SESSION_S)
        self._lock: Lock = self._client.Lock(_LOCK, f"{os.getpid()} of {self._home}")

    def acquire(self, stopped: Callable[[], bool]) -> None:
        """Waits until every other driver is gone, or until `stopped`.

        Raises AnotherDriver if ZooKeeper does not answer.
        """
        try:
            self._client.start(timeout=_START_S)
            self._take_from_the_dead()
            while not (stopped() or self._acquired()):
                log.info("another driver holds the lock; if its process is gone, for %.0f s at most", _SESSION_S)
                self._take_from_the_dead()
        except KazooTimeoutError:
            raise AnotherDriver(f"ZooKeeper did not answer within {_START_S:.0f} s.") from None
        except KazooException as error:
            raise AnotherDriver(f"ZooKeeper refused the driver's lock: {type(error).__name__}.") from None
        self._client.add_listener(_end_when_lost)

    def release(self) -> None:
        """Lets go, so that the next driver need not wait until this one's session ends."""
        self._client.remove_listener(_end_when_lost)
        with suppress(KazooException, KazooTimeoutError):
            self._client.stop()
            self._client.close()

    def _take_from_the_dead(self) -> None:
        """Called while this driver has no node there itself."""
        with suppress(NoNodeError):  # before the first driver ever
            for name in self._client.get_children(_LOCK):
                with suppress(NoNodeError):  # ended in the meantime
                    told = self._client.get(f"{_LOCK}/{name}")[0].decode("utf-8", "replace")
                    if not may_live(told, self._home):
                        self._client.delete(f"{_LOCK}/{name}")
                        log.info("driver %s is dead: its lock is taken away", told)

    def _acquired(self) -> bool:
        try:
            return bool(self._lock.acquire(timeout=_LOCK_S))
        except LockTimeout:
            return False


def _end_when_lost(state: str) -> None:
    if state == "LOST":
        log.error("ZooKeeper gave up this driver's lock; ending, so that no two drivers write")
        os._exit(1)


def may_live(holder: str, home: str) -> bool:
    """Whether the driver that a lock's node names (`PID of HOME`) may still be running."""
    pid, _, own = holder.partition(" of ")
    if own != home or not pid.isdecimal():
        return True
    if int(pid) == os.getpid():
        return False  # one before this process, with its number
    try:
        # Another process of this home may have the number by now; then the session's end is waited for.
        return psutil.Process(int(pid)).environ().get("FOOTFALL_MARK") == home
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def end_processes(settings: Settings) -> int:
    """Ends what is left of other drivers on this machine: JVMs that lost theirs, and drivers without the lock.

    Returns how many there were. Raises AnotherDriver.
    """
    conf = str(spark_session.conf_dir(settings))
    left = [process for process in orphans.marked(settings) if _is_of_a_driver(process, conf)]
    for process in left:
        log.warning("ending process %d, which an earlier driver left", process.pid)
        with suppress(psutil.NoSuchProcess):
            # Asked to end, it would first finish what it was at.
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


def end_applications(yarn: Yarn, tag: str) -> int:
    """Ends the applications on YARN that carry a tag, and waits until they are gone; returns how many there were.

    Raises AnotherDriver.
    """
    try:
        found = yarn.applications(tag)
        for application in found:
            log.warning("ending %s, which an earlier driver left", application)
            yarn.end(application)
        until = time.monotonic() + _ENDED_WITHIN_S
        while found and yarn.applications(tag):
            if time.monotonic() > until:
                raise AnotherDriver(f"YARN did not end {found[0]} within {_ENDED_WITHIN_S:.0f} s.")
            time.sleep(_LOOK_EVERY_S)
    except YarnUnavailable as error:
        raise AnotherDriver(str(error)) from None
    return len(found)

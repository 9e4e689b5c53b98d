"""One driver at a time: a lock in ZooKeeper, and an end to what an earlier driver left running on YARN."""

import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException, LockTimeout
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.recipe.lock import Lock

from footfall.settings import Settings
from footfall.yarn import Yarn, YarnAway

_LOCK: Final = "/footfall/streaming"
_SESSION_S: Final = 20.0
_START_S: Final = 30.0
_LOCK_S: Final = 5.0
_ENDED_WITHIN_S: Final = 30.0
_LOOK_EVERY_S: Final = 0.5

log = logging.getLogger("streaming")


class NotAlone(Exception):
    """It cannot be made sure that no other driver writes; the message is one sentence."""


class Alone:
    """Held while the driver works. If ZooKeeper lets go of it, the process ends at once: another may begin."""

    def __init__(self, settings: Settings) -> None:
        self._client = KazooClient(f"127.0.0.1:{settings.port('zookeeper')}", timeout=_SESSION_S)
        self._lock: Lock = self._client.Lock(_LOCK, f"{os.getpid()} of {settings.home}")

    def acquire(self, stopped: Callable[[], bool]) -> None:
        """Waits until every other driver is gone, or until `stopped`. Raises NotAlone if ZooKeeper does not answer."""
        try:
            self._client.start(timeout=_START_S)
            while not (stopped() or self._acquired()):
                log.info("another driver holds the lock; a dead one's is free within %.0f s", _SESSION_S)
        except KazooTimeoutError:
            raise NotAlone(f"ZooKeeper did not answer within {_START_S:.0f} s.") from None
        except KazooException as error:
            raise NotAlone(f"ZooKeeper refused the driver's lock: {type(error).__name__}.") from None
        self._client.add_listener(_end_when_lost)

    def release(self) -> None:
        """Lets go, so that the next driver need not wait until this one's session ends."""
        self._client.remove_listener(_end_when_lost)
        with suppress(KazooException, KazooTimeoutError):
            self._client.stop()
            self._client.close()

    def _acquired(self) -> bool:
        try:
            return bool(self._lock.acquire(timeout=_LOCK_S))
        except LockTimeout:
            return False


def _end_when_lost(state: str) -> None:
    if state == "LOST":
        log.error("ZooKeeper gave up this driver's lock; ending, so that no two drivers write")
        os._exit(1)


def end_applications(yarn: Yarn, tag: str) -> int:
    """Ends the applications on YARN that carry a tag, and waits until they are gone; returns how many there were.

    Raises NotAlone.
    """
    try:
        found = yarn.applications(tag)
        for application in found:
            log.warning("ending %s, which an earlier driver left", application)
            yarn.end(application)
        until = time.monotonic() + _ENDED_WITHIN_S
        while found and yarn.applications(tag):
            if time.monotonic() > until:
                raise NotAlone(f"YARN did not end {found[0]} within {_ENDED_WITHIN_S:.0f} s.")
            time.sleep(_LOOK_EVERY_S)
    except YarnAway as error:
        raise NotAlone(str(error)) from None
    return len(found)

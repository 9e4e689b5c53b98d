"""One driver at a time: a lock in ZooKeeper, and an end to what an earlier driver left running on YARN."""

import json
import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import urllib3
from kazoo.client import KazooClient
from kazoo.exceptions import KazooException, LockTimeout
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.recipe.lock import Lock

from footfall.settings import Settings

_LOCK: Final = "/footfall/streaming"
_SESSION_S: Final = 20.0
_START_S: Final = 30.0
_LOCK_S: Final = 5.0
_YARN_S: Final = 10.0
_ENDED_WITHIN_S: Final = 30.0
_ALIVE: Final = "NEW,NEW_SAVING,SUBMITTED,ACCEPTED,RUNNING"

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


def end_applications(settings: Settings, tag: str) -> int:
    """Ends the applications on YARN that carry a tag, and waits until they are gone; returns how many there were.

    Raises NotAlone.
    """
    base = f"http://127.0.0.1:{settings.port('yarn_http')}/ws/v1/cluster/apps"
    alive = f"{base}?applicationTags={tag}&states={_ALIVE}"
    found = _applications(alive)
    for application in found:
        log.warning("ending %s, which an earlier driver left", application["id"])
        _call("PUT", f"{base}/{application['id']}/state", {"state": "KILLED"})
    until = time.monotonic() + _ENDED_WITHIN_S
    while found and _applications(alive):
        if time.monotonic() > until:
            raise NotAlone(f"YARN did not end {found[0]['id']} within {_ENDED_WITHIN_S:.0f} s.")
        time.sleep(0.5)
    return len(found)


def _applications(address: str) -> list[dict[str, Any]]:
    return list((_call("GET", address).get("apps") or {}).get("app") or [])


def _call(method: str, address: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    try:
        answer = urllib3.request(method, address, json=body, timeout=_YARN_S, retries=False)
        if answer.status not in (200, 202):
            raise NotAlone(f"YARN refused ({answer.status}): {answer.data[:200].decode('utf-8', 'replace')}")
        return dict(json.loads(answer.data))
    except (urllib3.exceptions.HTTPError, ValueError, TypeError) as error:
        raise NotAlone(f"YARN's ResourceManager did not answer: {type(error).__name__}.") from None

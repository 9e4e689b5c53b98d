"""The state that one site's visitors share while they run: settings, connections, outbox, pace, and incidents."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import urllib3

from footfall.runtime import disk_mark
from footfall.settings import Settings
from footfall.sites.visitors.behaviour import Behaviour
from footfall.sites.visitors.outbox import Outbox, wall_ms

# Interval of the check for the end of a pause, in seconds.
_LOOK_S: Final = 0.5


class Stopped(Exception):
    """The process is stopping: the visit closes its pages and ends."""


@dataclass(slots=True)
class World:
    """Shared by all threads of one process. share: returns the extent of an incident of a kind now, 0.0 if none."""

    settings: Settings
    app: str
    behaviour: Behaviour
    pool: urllib3.PoolManager
    outbox: Outbox
    pace: float
    stop: threading.Event
    share: Callable[[str], float]
    counts: Counter[str] = field(default_factory=Counter)
    _counting: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """The site's address, without a slash at its end."""
        return site_url(self.settings, self.app)

    def now_ms(self) -> int:
        """Now, in epoch milliseconds."""
        return wall_ms()

    def count(self, what: str) -> None:
        """Adds one to a figure of the summary."""
        with self._counting:
            self.counts[what] += 1

    def live(self, seconds: float) -> None:
        """Lets `seconds` of simulated life pass, which take less real time at a higher pace; then waits while paused.

        Raises Stopped.
        """
        self.wait(seconds / self.pace)
        while self.paused():
            self.wait(_LOOK_S)

    def wait(self, seconds: float) -> None:
        """Waits `seconds` of real time; raises Stopped."""
        if self.stop.wait(max(0.0, seconds)):
            raise Stopped

    def paused(self) -> bool:
        """Whether the disk is nearly full; the visitors then pause."""
        return disk_mark.is_low(self.settings)

    def silent(self, slot: int, slots: int) -> bool:
        """Whether the incident `drop` keeps the visitors of this slot away now."""
        return (slot + 0.5) / max(1, slots) < self.share("drop")


def site_url(settings: Settings, app: str) -> str:
    """The address at which the visitors reach the site of `app`."""
    return settings.url(app)


def cached_share(look: Callable[[str], float], seconds: float = 1.0) -> Callable[[str], float]:
    """Caches `look`, so that it is called for each kind at most once in `seconds`."""
    known: dict[str, tuple[float, float]] = {}

    def share(kind: str) -> float:
        now = time.monotonic()
        asked, value = known.get(kind, (-seconds, 0.0))
        if now - asked >= seconds:
            value = look(kind)
            known[kind] = (now, value)
        return value

    return share

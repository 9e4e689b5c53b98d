"""What the visitors of one site share while they run: settings, connections, outbox, pace, and what bends the world."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import urllib3

from footfall.settings import Settings
from footfall.sites.visitors.behaviour import Behaviour
from footfall.sites.visitors.outbox import Outbox, wall_ms

# How soon a pause or an end of pause is noticed.
_LOOK_S: Final = 0.5


class Stopped(Exception):
    """The process is to end: the visit closes its pages and is over."""


@dataclass(slots=True)
class World:
    """Shared by all threads of one process. `share` answers how large an incident of a kind is now, 0.0 if none."""

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
        """Lets so many seconds of life pass, which is less on the clock at a higher pace; then waits while paused.

        Raises Stopped.
        """
        self.wait(seconds / self.pace)
        while self.paused():
            self.wait(_LOOK_S)

    def wait(self, seconds: float) -> None:
        """Waits on the clock; raises Stopped."""
        if self.stop.wait(max(0.0, seconds)):
            raise Stopped

    def paused(self) -> bool:
        """Whether the disk is nearly full: nobody adds to it then."""
        return (self.settings.run_dir / "disk-low").exists()

    def silent(self, slot: int, slots: int) -> bool:
        """Whether the incident `drop` keeps this slot's visitors away now."""
        return (slot + 0.5) / max(1, slots) < self.share("drop")


def site_url(settings: Settings, app: str) -> str:
    """Where the visitors find the site of `app`."""
    return settings.url(app)


def cached_share(look: Callable[[str], float], seconds: float = 1.0) -> Callable[[str], float]:
    """Asks `look` for each kind at most once in `seconds`."""
    known: dict[str, tuple[float, float]] = {}

    def share(kind: str) -> float:
        now = time.monotonic()
        asked, value = known.get(kind, (-seconds, 0.0))
        if now - asked >= seconds:
            value = look(kind)
            known[kind] = (now, value)
        return value

    return share

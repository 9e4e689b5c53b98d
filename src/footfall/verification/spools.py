"""Whether events that sites have accepted still wait in their spools on the way to Kafka."""

import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

import urllib3

from footfall import names
from footfall.events.times import format_rfc3339_ms, parse_rfc3339_ms
from footfall.settings import Settings

_HTTP: Final = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(5.0))
_LOOK_EVERY_S: Final = 0.5
_SAY_EVERY_S: Final = 5.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SpoolState:
    """answers: whether the site did. oldest_ms: lower bound of the receipt of what waits. files: segments on disk."""

    app: str
    port: int
    answers: bool
    oldest_ms: int | None
    files: int

    def lag(self, before_ms: int, runs: bool) -> str | None:
        """What is wrong, as a sentence, with a cut at `before_ms`; None if Kafka has all that came before."""
        if self.answers:
            if self.oldest_ms is None or self.oldest_ms >= before_ms:
                return None
            since = format_rfc3339_ms(self.oldest_ms)
            return f"The spool of site-{self.app} still holds events received at {since} or later."
        left = f"; {self.files} files are left in its spool, and what it accepted is not compared" if self.files else ""
        if runs:
            return f"site-{self.app} does not answer on port {self.port}{left}."
        return f"site-{self.app} does not run{left}." if self.files else None

    def accepted_before_ms(self, before_ms: int) -> int:
        """What was accepted before is in Kafka, unless it was lost."""
        if not self.answers:
            return 0 if self.files else before_ms
        return before_ms if self.oldest_ms is None else min(before_ms, self.oldest_ms)


class Patience:
    """Waits in short steps until its seconds are over, and says now and then what for."""

    def __init__(self, seconds: float, say: Say) -> None:
        now = time.monotonic()
        self._until, self._say, self._said = now + seconds, say, now

    def wait(self, sentence: str) -> bool:
        """Waits a step; False, at once, when the time is over."""
        now = time.monotonic()
        if now >= self._until:
            return False
        if now >= self._said + _SAY_EVERY_S:
            self._said = now
            self._say(f"Waiting: {sentence}")
        time.sleep(_LOOK_EVERY_S)
        return True


def await_drained(
    look: Callable[[str], SpoolState], running: Collection[str], before_ms: int, patience: Patience
) -> dict[str, SpoolState]:
    """Waits until no site holds an event received before that time; returns each site's last state.

    running: apps whose site should answer; of another one only what it left on disk counts.
    """
    while True:
        states: dict[str, SpoolState] = {app: look(app) for app in names.APP_IDS}
        lags = [state.lag(before_ms, app in running) for app, state in states.items()]
        # What a stopped site left will not move while we wait.
        worth = [lag for app, lag in zip(states, lags, strict=True) if lag and (states[app].answers or app in running)]
        if not worth or not patience.wait(" ".join(worth)):
            return states


def look_at(settings: Settings, app: str) -> SpoolState:
    """The state of a site's spool now."""
    port = settings.port(app)
    files = len(list((settings.spool_dir / app).glob("*.spool")))
    try:
        answer = json.loads(_HTTP.request("GET", f"{settings.url(app)}/healthz").data)
        if answer["app"] != app:
            raise ValueError("another program's port")
        oldest = answer["spool_oldest_received_at"]
        return SpoolState(app, port, True, None if oldest is None else parse_rfc3339_ms(oldest), files)
    except (urllib3.exceptions.HTTPError, KeyError, TypeError, ValueError):
        return SpoolState(app, port, False, None, files)

"""Whether events that sites have accepted still wait in their spools on the way to Kafka."""

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final

import urllib3

from footfall import site_registry
from footfall.events.times import format_rfc3339_ms, parse_rfc3339_ms
from footfall.settings import Settings
from footfall.site_addresses import address_of
from footfall.verification.patience import Patience

_HTTP: Final = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(5.0))


@dataclass(frozen=True, slots=True)
class SpoolState:
    """port: None if the site has none here. answers: whether the site did. oldest_ms: lower bound of the receipt of
    what waits. files: segments on disk."""

    app: str
    port: int | None
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


def await_drained(
    look: Callable[[str], SpoolState],
    apps: Iterable[str],
    running: Collection[str],
    before_ms: int,
    patience: Patience,
) -> dict[str, SpoolState]:
    """Waits until none of the apps holds an event received before that time; returns the last state of each.

    running: apps whose site should answer; of another one only what it left on disk counts.
    """
    wanted = tuple(apps)
    while True:
        states: dict[str, SpoolState] = {app: look(app) for app in wanted}
        lags = [state.lag(before_ms, app in running) for app, state in states.items()]
        # What a stopped site left will not move while we wait.
        worth = [lag for app, lag in zip(states, lags, strict=True) if lag and (states[app].answers or app in running)]
        if not worth or not patience.wait(" ".join(worth)):
            return states


def known_apps(settings: Settings) -> tuple[str, ...]:
    """The sites, and those registered no more that left a spool or a ledger. Raises SitesError."""
    spooled = site_registry.names_and_folders(settings, settings.spool_dir)
    return tuple(dict.fromkeys((*spooled, *site_registry.names_and_folders(settings, settings.ledger_dir))))


def look_at(settings: Settings, app: str) -> SpoolState:
    """The state of a site's spool now."""
    address = address_of(settings, app)
    files = len(list((settings.spool_dir / app).glob("*.spool")))
    if address is None:
        return SpoolState(app, None, False, None, files)
    try:
        answer = json.loads(_HTTP.request("GET", f"http://{address}/healthz").data)
        if answer["app"] != app:
            raise ValueError("another program's port")
        oldest = answer["spool_oldest_received_at"]
        return SpoolState(app, address.port, True, None if oldest is None else parse_rfc3339_ms(oldest), files)
    except (urllib3.exceptions.HTTPError, KeyError, TypeError, ValueError):
        return SpoolState(app, address.port, False, None, files)

"""Finds accepted events that still wait in the sites' spools for Kafka."""

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

import urllib3

from footfall import site_registry
from footfall.events.times import format_rfc3339_ms, parse_rfc3339_ms
from footfall.settings import Settings
from footfall.site_addresses import COLLECTOR, address_of, service_of
from footfall.verification.patience import Patience

_HTTP: Final = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(5.0))


@dataclass(frozen=True, slots=True)
class SpoolState:
    """The state of a site's spool.

    port: of the server that takes its events. answers: whether that server answered. oldest_ms: no waiting event was
    received before this time, ms since 1970; None if none waits. files: number of segments on disk. service: None if
    the site has a server of its own, `site-APP`.
    """

    app: str
    port: int
    answers: bool
    oldest_ms: int | None
    files: int
    service: str | None = None

    def lag(self, before_ms: int, runs: bool) -> str | None:
        """A sentence on why Kafka may lack events received before `before_ms`; None if it has all of them."""
        if self.answers:
            if self.oldest_ms is None or self.oldest_ms >= before_ms:
                return None
            since = format_rfc3339_ms(self.oldest_ms)
            return f"The spool of {self._owner} still holds events received at {since} or later."
        files = "1 file" if self.files == 1 else f"{self.files} files"
        left = f"; its spool still has {files}, and its accepted events are not compared" if self.files else ""
        if runs:
            return f"{self._owner} does not answer on port {self.port}{left}."
        return f"{self._owner} does not run{left}." if self.files else None

    @property
    def _owner(self) -> str:
        return f"site-{self.app}" if self.service is None else f"{self.service} (site {self.app})"

    def accepted_before_ms(self, before_ms: int) -> int:
        """The time before which all accepted events must be in Kafka, ms since 1970."""
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
    """Waits until no spool holds an event received before `before_ms`. Returns the last state of each app.

    running: the apps whose sites should answer. For other apps, only files that are left on disk count.
    """
    all_apps = tuple(apps)
    while True:
        states: dict[str, SpoolState] = {app: look(app) for app in all_apps}
        lags = [state.lag(before_ms, app in running) for app, state in states.items()]
        # Waiting does not empty the spool of a stopped site.
        waiting = [
            lag for app, lag in zip(states, lags, strict=True) if lag and (states[app].answers or app in running)
        ]
        if not waiting or not patience.wait(" ".join(waiting)):
            return states


def known_apps(settings: Settings) -> tuple[str, ...]:
    """The registered sites, and removed ones that left a spool or a ledger. Raises SitesError."""
    spooled = site_registry.names_and_folders(settings, settings.spool_dir)
    return tuple(dict.fromkeys((*spooled, *site_registry.names_and_folders(settings, settings.ledger_dir))))


def look_at(settings: Settings, app: str) -> SpoolState:
    """The current state of a site's spool. Raises SitesError."""
    address = address_of(settings, app)
    service = COLLECTOR if service_of(settings, app) == COLLECTOR else None
    silent = SpoolState(app, address.port, False, None, len(list((settings.spool_dir / app).glob("*.spool"))), service)
    try:
        answer = json.loads(_HTTP.request("GET", f"http://{address}/healthz").data)
        if service is not None:
            # The collector opens a spool with the first event of its site.
            answer = answer["sites"].get(app, {"app": app, "spool_oldest_received_at": None})
        if answer["app"] != app:
            raise ValueError("another program's port")
        oldest = answer["spool_oldest_received_at"]
        return replace(silent, answers=True, oldest_ms=None if oldest is None else parse_rfc3339_ms(oldest))
    except (urllib3.exceptions.HTTPError, AttributeError, KeyError, TypeError, ValueError):
        return silent

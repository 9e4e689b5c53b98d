"""A tracker that sends its events to the site, in the batches that the browser's requests would carry."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from footfall.events.times import format_rfc3339_ms
from footfall.sites.visitors.malformed import spoil
from footfall.sites.visitors.pending import Parcel
from footfall.sites.visitors.population import Person
from footfall.sites.visitors.tracker import SCHEMA_VERSION, Tracker


class Outgoing(Protocol):
    """The queue that takes the events. See `outbox.Queue`."""

    def send(self, parcels: Sequence[Parcel]) -> None:
        """Takes events of one moment."""


class Surroundings(Protocol):
    """The environment of sending. See `world.World`."""

    def now_ms(self) -> int:
        """Now, in epoch milliseconds."""

    def share(self, kind: str) -> float:
        """The extent of an incident of a kind now, 0.0 if there is none."""

    def count(self, what: str) -> None:
        """Adds one to a figure of the summary."""


class Reporter(Tracker):
    """Sends the events of one visit. headers: of a request to `/collect`."""

    def __init__(
        self,
        person: Person,
        new_id: Callable[[int], str],
        world: Surroundings,
        headers: dict[str, str],
        outgoing: Outgoing,
    ) -> None:
        super().__init__(person, new_id)
        self._world = world
        self._headers = headers
        self._outgoing = outgoing
        self._browser = person.browser
        self._events: list[dict[str, Any]] = []
        # A separate generator: the choice of spoiled events must not change the visit's own random decisions.
        self._spoiling = random.Random()

    def send(self) -> None:
        """Hands over the events recorded since the last call, if any."""
        if not self._events:
            return
        share = self._world.share("malformed")
        attempted_ms = self._world.now_ms()
        parcels = []
        for event in self._events:
            self._world.count(event["event_type"])
            if share > 0 and self._spoiling.random() < share:
                event = spoil(event, self._spoiling)
            parcels.append(Parcel(event, self._headers, self._person.clock_offset_ms, attempted_ms))
        self._events = []
        self._outgoing.send(parcels)

    def _emit(self, event_type: str, now_ms: int, fields: Mapping[str, Any]) -> None:
        self._events.append(
            {
                "event_id": self._new_id(now_ms),
                "schema_version": SCHEMA_VERSION,
                "event_type": event_type,
                "app_id": self._person.app,
                "occurred_at": format_rfc3339_ms(now_ms),
                "anonymous_id": self._session_id if self._person.gpc else self._person.anonymous_id,
                "session_id": self._session_id,
                "seq": self._seq,
                "consent": "denied" if self._person.gpc else "unknown",
                **self._browser,
                **self._utm,
                **self._filled(fields),
            }
        )

"""One site's day: its visits played one by one, until it has as many events as it should, as they would be stored."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, Final, NamedTuple

import orjson

from footfall.events.address import truncate
from footfall.events.geo import Geography
from footfall.events.identity import new_uuid7
from footfall.events.rejects import Reject
from footfall.events.stamp import Context, accept
from footfall.events.times import format_rfc3339_ms
from footfall.history import almanac
from footfall.history.connection import Clock, Line, SimulatedConnection
from footfall.history.roster import Arrival, Roster
from footfall.history.site import USER_ID, RememberingSite, Session
from footfall.names import AppId
from footfall.settings import Settings
from footfall.sites.visitors.behaviour import Behaviour, Source, check_behaviour, load_behaviour
from footfall.sites.visitors.browser import Browser
from footfall.sites.visitors.pending import Parcel
from footfall.sites.visitors.population import Person, Population
from footfall.sites.visitors.transport import Profile
from footfall.sites.visitors.visit import Visit, bot_visits, person_visits, visit_random
from footfall.sites.visitors.world import site_url

# One crawler comes for so many people, as beside ten visitors who are always there.
_PEOPLE_A_CRAWLER: Final = 36
# A visit is over before midnight, so that a day is whole by itself; what is on its way has arrived by then, too.
_LAST_MS: Final = 2_000
_ROUND_TRIP_MS: Final = (6, 140)
# Who comes back with a login is still logged in about as often as not.
_STILL_LOGGED_IN: Final = 0.5
# A telephone that was away for a while: from some event on, a visit's are sent when it is back.
_TUNNEL_SHARE: Final = 0.006
_TUNNEL_MS: Final = (90_000, 90 * 60_000)


class Made(NamedTuple):
    """An event as it is stored. at_ms: when it was sent, received_ms: when it came; both ours, epoch milliseconds."""

    received_ms: int
    at_ms: int
    seq: int
    event_type: str
    event_id: str
    session_id: str
    value: bytes


class Unacceptable(Exception):
    """A collector would refuse a simulated event: a fault of ours; the message is one sentence."""


@dataclass(slots=True)
class Day:
    """What one site has of one day: events in the order in which they came, and log lines in that of their times."""

    app: AppId
    date: date
    events: list[Made] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


class DayMaker:
    """Makes the days of one site, each by itself and always the same. Used by one thread; close it after use."""

    def __init__(self, settings: Settings, app: AppId, events_per_day: int) -> None:
        """settings: seed, population and the site's address count. Raises BehaviourError."""
        self._app: AppId = app
        self._seed = settings.seed
        self._events_per_day = events_per_day
        self._behaviour = load_behaviour(app)
        self._population = Population(settings.seed, app, settings.population)
        self._roster = Roster(self._population, self._behaviour, app, events_per_day)
        self._site = RememberingSite(app, self._behaviour)
        self._geography = Geography(settings.install / "geography")
        self._url = site_url(settings, app)

    def close(self) -> None:
        """Ends the site."""
        self._site.close()

    def make(self, day: date, with_lines: bool = True) -> Day:
        """One day. with_lines: whether log lines are wanted too. Raises Unacceptable."""
        made = Day(self._app, day)
        today = _Today(made, made.lines if with_lines else None, almanac.trouble(self._seed, self._app, day))
        wanted = almanac.events_wanted(self._seed, self._app, day, self._events_per_day)
        campaign = almanac.campaign(self._seed, self._app, day)
        advertised = self._behaviour if campaign is None else _only_from(self._behaviour, campaign.source)
        chance = random.Random(f"{self._seed}/{self._app}/{day}")
        for place, arrival in enumerate(self._roster.arrivals(day)):
            if len(made.events) >= wanted:
                break
            by_campaign = campaign is not None and chance.random() < campaign.share
            self._person(today, arrival, advertised if by_campaign else self._behaviour)
            if place % _PEOPLE_A_CRAWLER == 0:
                self._crawler(today, place // _PEOPLE_A_CRAWLER, chance)
        made.events.sort(key=lambda event: (event.received_ms, event.session_id, event.seq))
        made.lines.sort(key=lambda line: line[1])
        return made

    def _person(self, today: "_Today", arrival: Arrival, behaviour: Behaviour) -> None:
        person = self._population.person(arrival.person)
        ours = random.Random(f"{self._seed}/{self._app}/{arrival.person}/{arrival.number}/history")
        known = arrival.returning and person.user_id is not None and ours.random() < _STILL_LOGGED_IN
        rng = visit_random(self._seed, self._app, arrival.person, arrival.number)
        visit = person_visits(person, behaviour, rng, logged_in=known)
        self._play(today, visit, person, arrival.start_ms, ours, {"user_id": USER_ID} if known else {})

    def _crawler(self, today: "_Today", number: int, chance: random.Random) -> None:
        day = today.made.date
        start_ms = chance.randrange(almanac.start_ms(day), almanac.end_ms(day) - _LAST_MS)
        name = f"{day.toordinal()}{number:06d}"
        person = self._population.bot(int(name), self._behaviour.bots.agents)
        ours = random.Random(f"{self._seed}/{self._app}/bot/{name}/history")
        visit = bot_visits(self._behaviour, random.Random(f"{self._seed}/{self._app}/bot/{name}/visit"))
        self._play(today, visit, person, start_ms, ours, {})

    def _play(
        self, today: "_Today", visit: Visit, person: Person, start_ms: int, rng: random.Random, session: Session
    ) -> None:
        """Carries a visit out and adds what comes of it."""
        last_ms = almanac.end_ms(today.made.date) - _LAST_MS
        clock = Clock(self._behaviour, min(start_ms, last_ms), last_ms)
        round_trip_ms = rng.randrange(*_ROUND_TRIP_MS)
        new_id = partial(new_uuid7, rng=rng)
        connection = SimulatedConnection(
            self._site, self._app, self._url, person, session, clock, rng, today.trouble, round_trip_ms, today.lines
        )
        sent = _Sent()
        Browser(clock, person, Profile(), connection, sent, new_id).run(visit)
        _send_late(sent.parcels, person, rng, last_ms)
        self._store(today.made, person, sent.parcels, round_trip_ms)

    def _store(self, made: Day, person: Person, parcels: list["_Posted"], round_trip_ms: int) -> None:
        """What the collector would store of these events."""
        prefix = truncate(person.address)
        place = self._geography.look_up(prefix)
        context: Context | None = None
        for posted in parcels:
            event, at_ms = posted.event, posted.at_ms
            received_ms = at_ms + round_trip_ms
            event["sent_at"] = format_rfc3339_ms(at_ms + person.clock_offset_ms)
            if context is None or context.received_at_ms != received_ms:
                context = Context(
                    self._app,
                    received_ms,
                    address_prefix=prefix,
                    user_agent=person.device.user_agent,
                    gpc=person.gpc,
                    place=place,
                    backfill=True,
                )
            stored = accept(event, context)
            if isinstance(stored, Reject):
                raise Unacceptable(f"A simulated event of {self._app} would be rejected: {stored.detail}")
            session_id, event_id = stored["session_id"], stored["event_id"]
            value = orjson.dumps(stored)
            made.events.append(
                Made(received_ms, at_ms, stored["seq"], stored["event_type"], event_id, session_id, value)
            )


@dataclass(slots=True)
class _Today:
    made: Day
    lines: list[Line] | None
    trouble: almanac.Trouble | None


@dataclass(slots=True)
class _Posted:
    event: dict[str, Any]
    at_ms: int


class _Sent:
    """Where a simulated tracker's events go: they arrive at once. See `browser.Outgoing`."""

    def __init__(self) -> None:
        self.parcels: list[_Posted] = []

    def send(self, parcels: Sequence[Parcel]) -> None:
        """Takes events of one moment."""
        self.parcels += [_Posted(parcel.event, parcel.attempted_ms) for parcel in parcels]


def _send_late(parcels: list[_Posted], person: Person, rng: random.Random, last_ms: int) -> None:
    """A few telephones are out of reach for a while: what happened meanwhile is sent when they are back."""
    if rng.random() >= _TUNNEL_SHARE or person.device.device_type != "mobile" or not parcels:
        return
    first = rng.randrange(len(parcels))
    back_ms = min(last_ms, parcels[-1].at_ms + rng.randrange(*_TUNNEL_MS))
    for posted in parcels[first:]:
        posted.at_ms = back_ms


def _only_from(behaviour: Behaviour, source: Source) -> Behaviour:
    """The same behaviour of people who all come from one source."""
    content = {**behaviour.model_dump(), "sources": (source.model_dump(),)}
    return check_behaviour(content, f"{behaviour.app}.yaml")

"""Generates a day of one site: plays visits until the day has enough events, in the form in which they are stored."""

import random
import sys
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Final

from footfall.events.address import truncate
from footfall.events.geo import Geography
from footfall.events.identity import CountedIds
from footfall.events.stamp import Context
from footfall.history import day_profile
from footfall.history.arrivals import Arrival, Arrivals
from footfall.history.connection import Clock, Line, SimulatedConnection, lines_of
from footfall.history.event_recorder import EventRecorder, StoredEvent, stored
from footfall.history.site import USER_ID, RememberingSite, Session
from footfall.history.visit_library import Library
from footfall.history.visit_traces import Played
from footfall.history.web_vitals import measured
from footfall.recommendations.reads import Reads
from footfall.settings import Settings
from footfall.site_registry import DemoSite
from footfall.sites.visitors.behaviour import Behaviour, Source, check_behaviour, load_behaviour
from footfall.sites.visitors.browser import Browser
from footfall.sites.visitors.population import Person, Population
from footfall.sites.visitors.transport import Profile
from footfall.sites.visitors.visit import Visit, bot_visits, person_visits, visit_random
from footfall.sites.visitors.world import site_url
from footfall_web.log_escaping import loggable_agent

# One crawler per this many people, as with ten visitors who are always present.
_PEOPLE_A_CRAWLER: Final = 36
# Visits end this long before midnight, so that a day is complete by itself and its last requests have arrived.
_LAST_MS: Final = 2_000
_ROUND_TRIP_MS: Final = (6, 140)
# The share of returning users who are still logged in.
_STILL_LOGGED_IN: Final = 0.5
# The share of visits during which a phone loses its connection; later events are sent when it is back.
_TUNNEL_SHARE: Final = 0.006
_TUNNEL_MS: Final = (90_000, 90 * 60_000)
# The time at which reusable visits are played.
_ANY_MS: Final = day_profile.start_ms(date(2026, 1, 1))
_LONGEST_MS: Final = 24 * 3_600_000


@dataclass(slots=True)
class Day:
    """One day of one site: events in the order of their arrival, and log lines in the order of their times."""

    app: DemoSite
    date: date
    events: list[StoredEvent] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


class DayMaker:
    """Generates the days of one site, each reproducible on its own. For use by one thread; close it after use."""

    def __init__(
        self,
        settings: Settings,
        app: DemoSite,
        events_per_day: int,
        repeats: bool = True,
        lists: Reads | None = None,
    ) -> None:
        """settings: only seed, population, tastes, groups and the site's address matter. repeats: whether visits may be
        repetitions of others. lists: what learning found; pages then show each person a list of their own, so nobody
        repeats the visit of another. Raises BehaviourError."""
        self._app: DemoSite = app
        self._seed = settings.seed
        self._events_per_day = events_per_day
        self._behaviour = load_behaviour(app)
        self._population = Population(
            settings.seed, app, settings.population, settings.taste_strength, settings.planted_groups
        )
        self._repeats = repeats and lists is None
        self._mode = _mode(self._population, repeats, lists is not None)
        self._arrivals = Arrivals(self._population, self._behaviour, app, events_per_day)
        self._site = RememberingSite(app, self._behaviour, lists)
        self._geography = Geography(settings.install / "geography")
        self._url = site_url(settings, app)
        self._library = Library(self._population, self._behaviour, self._site.sections(), _ANY_MS, self._play)

    def close(self) -> None:
        """Closes the site."""
        self._site.close()

    def make(self, day: date, with_lines: bool = True) -> Day:
        """Generates one day. with_lines: whether log lines are needed too. Raises Unacceptable."""
        made = Day(self._app, day)
        wanted = day_profile.events_wanted(self._seed, self._app, day, self._events_per_day)
        campaign = day_profile.campaign(self._seed, self._app, day)
        today = _Today(
            made,
            last_ms=day_profile.end_ms(day) - _LAST_MS,
            with_lines=with_lines,
            trouble=day_profile.trouble(self._seed, self._app, day),
            advertised=self._behaviour if campaign is None else _only_from(self._behaviour, campaign.source),
        )
        chance = random.Random(f"{self._seed}/{self._app}/{day}")
        for place, arrival in enumerate(self._arrivals.on(day)):
            if today.events >= wanted:
                break
            self._person(today, arrival, by_campaign=campaign is not None and chance.random() < campaign.share)
            if place % _PEOPLE_A_CRAWLER == 0:
                self._crawler(today, place // _PEOPLE_A_CRAWLER, chance)
        # A visit's events are in order already; the sort is stable, so events of the same moment keep their order.
        made.events.sort(key=itemgetter(0))
        made.lines.sort(key=itemgetter(1))
        return made

    def _person(self, today: "_Today", arrival: Arrival, by_campaign: bool) -> None:
        person = self._population.person(arrival.person)
        ours = random.Random(f"{self._seed}/{self._app}/{arrival.person}/{arrival.number}/history{self._mode}")
        known = arrival.returning and person.user_id is not None and ours.random() < _STILL_LOGGED_IN
        new_id = CountedIds(ours)
        start_ms = min(arrival.start_ms, today.last_ms)
        repeatable = self._repeats and not by_campaign
        trace = self._library.trace(person, arrival.number, known) if repeatable else None
        if trace is not None and today.is_ordinary(start_ms, start_ms + trace.lasts_ms):
            agent, address = loggable_agent(person.device.user_agent), truncate(person.address)
            played = trace.repeat(person, agent, address, start_ms, new_id)
        else:
            rng = visit_random(self._seed, self._app, arrival.person, arrival.number)
            visit = person_visits(person, today.advertised if by_campaign else self._behaviour, rng, logged_in=known)
            played = self._play(visit, person, start_ms, known, new_id, ours, today)
        self._store(today, person, played, ours, is_measured=True)

    def _crawler(self, today: "_Today", number: int, chance: random.Random) -> None:
        start_ms = chance.randrange(day_profile.start_ms(today.made.date), today.last_ms)
        name = f"{today.made.date.toordinal()}{number:06d}"
        person = self._population.bot(int(name), self._behaviour.bots.agents)
        ours = random.Random(f"{self._seed}/{self._app}/bot/{name}/history{self._mode}")
        visit = bot_visits(self._behaviour, random.Random(f"{self._seed}/{self._app}/bot/{name}/visit"))
        played = self._play(visit, person, start_ms, False, CountedIds(ours), ours, today)
        self._store(today, person, played, ours, is_measured=False)

    def _play(
        self,
        visit: Visit,
        person: Person,
        start_ms: int,
        known: bool,
        new_id: CountedIds,
        rng: random.Random,
        today: "_Today | None" = None,
    ) -> Played:
        """Plays a visit. today: None for an ordinary day without end."""
        last_ms = start_ms + _LONGEST_MS if today is None else today.last_ms
        clock = Clock(self._behaviour, start_ms, last_ms)
        round_trip_ms = rng.randrange(*_ROUND_TRIP_MS)
        session: Session = {"user_id": USER_ID} if known else {}
        trouble = None if today is None else today.trouble
        connection = SimulatedConnection(
            self._site, self._app, self._url, person, session, clock, new_id, rng, trouble, round_trip_ms
        )
        recorder = EventRecorder(person, new_id)
        Browser(clock, person, Profile(), connection, recorder, new_id).run(visit)
        return Played(recorder.events, connection.requests, round_trip_ms, clock.now_ms(), recorder.last_page)

    def _store(self, today: "_Today", person: Person, played: Played, rng: random.Random, is_measured: bool) -> None:
        """Adds the events and log lines of a visit to the day. is_measured: whether its web vitals are measured, as
        those of people are."""
        events, requests, round_trip_ms, ended_ms, last_page = played
        late_from, back_ms = _tunnel(len(events), person, rng, ended_ms, today.last_ms)
        today.events += len(events)
        if is_measured and last_page is not None:
            events = [*events, measured(events[-1], last_page, person, rng)]
        today.made.events += stored(events, person, self._context(person), round_trip_ms, late_from, back_ms)
        if today.with_lines:
            today.made.lines += lines_of(requests)

    def _context(self, person: Person) -> Context:
        """The collector's knowledge about this person's requests, apart from their times."""
        prefix = truncate(person.address)
        return Context(
            self._app,
            0,
            address_prefix=prefix,
            user_agent=person.device.user_agent,
            gpc=person.gpc,
            place=self._geography.look_up(prefix),
            backfill=True,
        )


@dataclass(slots=True)
class _Today:
    """The day that is being generated. last_ms: when its visits end, epoch milliseconds. advertised: the behaviour of
    visitors whom its campaign brings. events: how many there are, without web vitals."""

    made: Day
    last_ms: int
    with_lines: bool
    trouble: day_profile.Trouble | None
    advertised: Behaviour
    events: int = 0

    def is_ordinary(self, start_ms: int, end_ms: int) -> bool:
        """Whether a visit in this period is unaffected by the day's incident and by its end."""
        trouble = self.trouble
        return end_ms < self.last_ms and (trouble is None or end_ms < trouble.start_ms or trouble.end_ms <= start_ms)


def _tunnel(events: int, person: Person, rng: random.Random, over_ms: int, last_ms: int) -> tuple[int, int]:
    """Chooses whether a phone loses its connection. Returns the index of the first event that is sent only after it is
    back, which is beyond all if it does not, and that time, in epoch milliseconds. over_ms: the visit's end."""
    if rng.random() >= _TUNNEL_SHARE or person.device.device_type != "mobile" or not events:
        return sys.maxsize, 0
    return rng.randrange(events), min(last_ms, over_ms + rng.randrange(*_TUNNEL_MS))


def _mode(population: Population, repeats: bool, lists: bool) -> str:
    """Names the differences from an ordinary history. It is part of identities: other events need other identities."""
    tastes = "" if population.taste_strength == 1.0 else f"/tastes {population.taste_strength}"
    return (
        tastes
        + ("/groups" if population.grouped else "")
        + ("" if repeats else "/no repeats")
        + ("/lists" if lists else "")
    )


def _only_from(behaviour: Behaviour, source: Source) -> Behaviour:
    """The same behaviour for people who all come from one source."""
    content = {**behaviour.model_dump(), "sources": (source.model_dump(),)}
    return check_behaviour(content, f"{behaviour.app}.yaml")

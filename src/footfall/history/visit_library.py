"""Visits that were played once and are repeated by whoever might have made them.

Playing a visit takes as long as writing it down five times. So the people of a site have only so many visits among
them: some for each kind of person, by what a visit depends on. Who likes the same sections, can log in as well, and
consents as much, goes the same ways; when, from where, with which device, and how fast the connection is are a
person's own, and of all that only the last is in what is repeated.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Final, NamedTuple

from footfall.events.identity import CountedIds
from footfall.history.site import USER_ID
from footfall.history.visit_traces import Played, Trace
from footfall.sites.visitors.behaviour import Behaviour
from footfall.sites.visitors.population import (
    GPC_SHARE,
    LIKED,
    LIKED_ONE_IN,
    LOGIN_SHARE,
    NOT_LIKED,
    Person,
    Population,
)
from footfall.sites.visitors.visit import Visit, person_visits

# Of all kinds of people together, and at least one of each kind: 1,400 to 2,400 of a site, if everybody comes. With
# 50,000 events a day some 500 visits of a site are by people.
_VISITS: Final = 1_000


class Kind(NamedTuple):
    """What a visit depends on. likes: sections of the site; known: still logged in from an earlier visit."""

    likes: frozenset[str]
    member: bool
    known: bool
    gpc: bool


# Plays a visit of a person that begins at a time (epoch milliseconds), `known` or not, with a source of chance.
Play = Callable[[Visit, Person, int, bool, CountedIds, random.Random], Played]


class Library:
    """The visits of one site's people; each is played when somebody makes it for the first time."""

    def __init__(
        self, population: Population, behaviour: Behaviour, sections: frozenset[str], start_ms: int, play: Play
    ) -> None:
        """sections: what people like or do not like; start_ms: when visits are played, epoch milliseconds."""
        self._population = population
        self._behaviour = behaviour
        self._sections = sections
        self._start_ms = start_ms
        self._play = play
        self._traces: dict[tuple[Kind, int], Trace] = {}

    def trace(self, person: Person, number: int, known: bool) -> Trace:
        """What this person does on this visit."""
        likes = frozenset(section for section in self._sections if person.taste(section) == LIKED)
        kind = Kind(likes, person.user_id is not None, known, person.gpc)
        # From one visit of a person to the next another one, as long as there are any.
        chosen = (person.index + number) % self._visits(kind)
        trace = self._traces.get((kind, chosen))
        if trace is None:
            trace = self._traces[kind, chosen] = self._made(kind, chosen)
        return trace

    def _visits(self, kind: Kind) -> int:
        """How many there are of a kind, by how many people are of it."""
        liked = 1 / LIKED_ONE_IN
        share = liked ** len(kind.likes) * (1 - liked) ** (len(self._sections) - len(kind.likes))
        share *= LOGIN_SHARE if kind.member else 1 - LOGIN_SHARE
        share *= GPC_SHARE if kind.gpc else 1 - GPC_SHARE
        return max(1, round(_VISITS * share))

    def _made(self, kind: Kind, number: int) -> Trace:
        name = f"{self._population.seed}/{self._population.app}/{sorted(kind.likes)}/{kind[1:]}/{number}"
        rng, ours = random.Random(f"{name}/visit"), random.Random(f"{name}/history")
        person = _member_of(self._population.person(0), self._sections, kind, ours.getrandbits(64))
        visit = person_visits(person, self._behaviour, rng, logged_in=kind.known)
        new_id = CountedIds(ours)
        return Trace(self._play(visit, person, self._start_ms, kind.known, new_id, ours), new_id, self._start_ms)


@dataclass(frozen=True, slots=True)
class _KindMember(Person):
    """Anybody of a kind; of what is no section, some things are liked by chance."""

    sections: frozenset[str]
    likes: frozenset[str]

    def taste(self, subject: str) -> float:
        """See `Person.taste`."""
        if subject in self.sections:
            return LIKED if subject in self.likes else NOT_LIKED
        return Person.taste(self, subject)


def _member_of(person: Person, sections: frozenset[str], kind: Kind, taste_seed: int) -> _KindMember:
    values: dict[str, Any] = {one.name: getattr(person, one.name) for one in fields(Person)}
    values |= {"user_id": USER_ID if kind.member else None, "gpc": kind.gpc, "clock_offset_ms": 0}
    return _KindMember(**values | {"taste_seed": taste_seed, "sections": sections, "likes": kind.likes})

"""Visits that are played once and then repeated by every person who could have made them.

Playing a visit takes five times as long as writing it. So the people of a site share a limited number of visits,
several for each kind of person. A kind comprises everything that a visit depends on: people who like the same
sections, belong to the same planted group (if any), and agree in login and consent, behave alike. Times, countries,
devices and connection speeds are a person's own; of these, only the connection speed is part of what is repeated.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Final, NamedTuple

from footfall.events.identity import CountedIds
from footfall.history.site import USER_ID
from footfall.history.visit_traces import Played, Trace
from footfall.sites.visitors.behaviour import Behaviour
from footfall.sites.visitors.groups import Group
from footfall.sites.visitors.population import GPC_SHARE, LIKED_ONE_IN, LOGIN_SHARE, Person, Population
from footfall.sites.visitors.visit import Visit, person_visits

# The target for all kinds of people together, with at least one visit per kind: 1,400 to 2,400 per site once all kinds
# have come. At 50,000 events a day, people make some 500 visits of a site.
_VISITS: Final = 1_000


class Kind(NamedTuple):
    """The properties that a visit depends on. likes: sections of the site. known: logged in from an earlier visit."""

    likes: frozenset[str]
    member: bool
    known: bool
    gpc: bool
    group: Group | None


# Plays a visit: visit, person, start (epoch milliseconds), `known`, source of ids, random generator.
Play = Callable[[Visit, Person, int, bool, CountedIds, random.Random], Played]


class Library:
    """The visits that one site's people share; each is played when it is first needed."""

    def __init__(
        self, population: Population, behaviour: Behaviour, sections: frozenset[str], start_ms: int, play: Play
    ) -> None:
        """sections: the subjects of likes. start_ms: the time at which visits are played, epoch milliseconds."""
        self._population = population
        self._behaviour = behaviour
        self._sections = sections
        self._start_ms = start_ms
        self._play = play
        self._traces: dict[tuple[Kind, int], Trace] = {}

    def trace(self, person: Person, number: int, known: bool) -> Trace:
        """The trace of visit `number` of this person."""
        likes = frozenset(section for section in self._sections if person.likes(section))
        kind = Kind(likes, person.user_id is not None, known, person.gpc, person.group)
        # Consecutive visits of a person use different traces, as far as there are several.
        chosen = (person.index + number) % self._visits(kind)
        trace = self._traces.get((kind, chosen))
        if trace is None:
            trace = self._traces[kind, chosen] = self._made(kind, chosen)
        return trace

    def _visits(self, kind: Kind) -> int:
        """The number of visits of a kind, in proportion to the people of that kind."""
        if kind.group is not None:
            share = kind.group.share
        else:
            liked = 1 / LIKED_ONE_IN
            share = liked ** len(kind.likes) * (1 - liked) ** (len(self._sections) - len(kind.likes))
        share *= LOGIN_SHARE if kind.member else 1 - LOGIN_SHARE
        share *= GPC_SHARE if kind.gpc else 1 - GPC_SHARE
        return max(1, round(_VISITS * share))

    def _made(self, kind: Kind, number: int) -> Trace:
        likes, *others, group = kind
        name = f"{self._population.seed}/{self._population.app}/{sorted(likes)}/{(*others,)}/{number}"
        if group is not None:
            name += f"/{group.name}"
        rng, ours = random.Random(f"{name}/visit"), random.Random(f"{name}/history")
        person = _member_of(self._population.person(0), self._sections, kind, ours.getrandbits(64))
        visit = person_visits(person, self._behaviour, rng, logged_in=kind.known)
        new_id = CountedIds(ours)
        return Trace(self._play(visit, person, self._start_ms, kind.known, new_id, ours), new_id, self._start_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class _KindMember(Person):
    """A representative person of a kind; subjects that are not sections are liked at random."""

    sections: frozenset[str]
    liked: frozenset[str]

    def likes(self, subject: str) -> bool:
        """See `Person.likes`."""
        return subject in self.liked if subject in self.sections else Person.likes(self, subject)


def _member_of(person: Person, sections: frozenset[str], kind: Kind, taste_seed: int) -> _KindMember:
    values: dict[str, Any] = {one.name: getattr(person, one.name) for one in fields(Person)}
    values |= {"user_id": USER_ID if kind.member else None, "gpc": kind.gpc, "group": kind.group, "clock_offset_ms": 0}
    return _KindMember(**values | {"taste_seed": taste_seed, "sections": sections, "liked": kind.likes})

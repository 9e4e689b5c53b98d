"""The people of one site: each is created on demand, and always the same for one seed, app and index.

The indices are divided into one range per country, in proportion to its weight, so that a person of a given country can
be drawn without creating anyone else. This module knows neither time nor network.
"""

import random
import uuid
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from footfall.sites.visitors.devices import Device, choose_device
from footfall.sites.visitors.groups import THEMES, Group, Habits, group_of, theme_of
from footfall.sites.visitors.locations import (
    COUNTRIES,
    COUNTRY_CUMULATED,
    Country,
    activity_cumulated,
    local_hour,
)

# 4,800 of 40,000 people have a login; the sites share one CRM with a quarter more users than that.
LOGIN_SHARE: Final = 0.12
_USERS_PER_LOGIN: Final = 1.25
GPC_SHARE: Final = 0.05
# The weight of a liked subject and of any other one; one in how many subjects is liked.
LIKED: Final = 4.0
NOT_LIKED: Final = 0.4
LIKED_ONE_IN: Final = 5
# The same for sections and themes if the person has a group. The most popular items of a site have a hundred times the
# weight of most others, so a weaker taste would be hidden by popularity.
_GROUP_LIKED: Final = 8.0
_GROUP_NOT_LIKED: Final = 0.1
_WRONG_CLOCK_SHARE: Final = 0.03
# The collector refuses an id whose time differs from the event's by over 48 h; 8 h are left for waiting in a queue.
_WRONGEST_CLOCK_MS: Final = 40 * 3_600_000
_HOUR_MS: Final = 3_600_000
_NO_HABITS: Final = Habits()


@dataclass(frozen=True, slots=True)
class Person:
    """One simulated person with one browser on this site."""

    app: str
    index: int
    anonymous_id: str
    user_id: str | None
    country: Country
    address: str
    device: Device
    gpc: bool
    clock_offset_ms: int
    taste_seed: int
    loyalty: float
    """A factor for the probability of returning; 0.5 to 1.5."""
    taste_strength: float = 1.0
    """The exponent of the weights of tastes; with 0, tastes play no part."""
    group: Group | None = None
    """The planted group. Without one, tastes are independent of each other and habits are those of the site."""

    @property
    def email(self) -> str | None:
        """The address that this person logs in with."""
        return f"{self.user_id}@example.com" if self.user_id else None

    @property
    def browser(self) -> dict[str, Any]:
        """The fields about the browser in each event."""
        return {
            "device_type": self.device.device_type,
            "browser": self.device.browser,
            "os": self.device.os,
            "language": self.country.language,
            "timezone": self.country.timezone,
            "viewport_w": self.device.viewport_w,
            "viewport_h": self.device.viewport_h,
        }

    @property
    def habits(self) -> Habits:
        """The differences between this person's behaviour and the behaviour of the site."""
        return _NO_HABITS if self.group is None else self.group.habits

    def likes(self, subject: str) -> bool:
        """Whether this person likes a section or topic: those of the group, or else about one in five, always the same.

        subject: a section, or a path that may end with one.
        """
        if self.group is not None:
            return subject.rpartition("/")[2] in self.group.sections
        # The hash function is fixed, since Python's own differs from process to process.
        value = self.taste_seed
        for byte in subject.encode():
            value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
        return (value >> 17) % LIKED_ONE_IN == 0

    def taste(self, subject: str) -> float:
        """The weight of a section or topic for this person."""
        return self._weight(self.likes(subject))

    def item_taste(self, path: str) -> float:
        """The weight of the item at a path within its section; 1 unless it has a theme and this person a group.

        A person likes the themes of the group, and one theme of their own.
        """
        theme = None if self.group is None else theme_of(path)
        if self.group is None or theme is None:
            return 1.0
        return self._weight(theme in self.group.themes or theme == self.taste_seed % THEMES)

    def _weight(self, liked: bool) -> float:
        weights = (LIKED, NOT_LIKED) if self.group is None else (_GROUP_LIKED, _GROUP_NOT_LIKED)
        return float(weights[0 if liked else 1] ** self.taste_strength)


class Population:
    """`size` people of `app` under `seed`.

    grouped: whether these people belong to planted groups. users: the highest number in a user_id of these people; the
    lowest is 1.
    """

    def __init__(self, seed: int, app: str, size: int, taste_strength: float = 1.0, groups: bool = False) -> None:
        """taste_strength, groups: the settings `taste_strength` and `planted_groups`. Without tastes, nobody belongs to
        a group."""
        self.seed = seed
        self.app = app
        self.size = size
        self.taste_strength = taste_strength
        self.grouped = groups and taste_strength > 0
        total = COUNTRY_CUMULATED[-1]
        self._bounds = [0, *(round(size * weight / total) for weight in COUNTRY_CUMULATED)]
        self.users = max(1, round(size * LOGIN_SHARE * _USERS_PER_LOGIN))
        self._first_user = random.Random(f"{seed}/{app}/crm").randrange(self.users)

    def person(self, index: int) -> Person:
        """The person with this index, 0 ≤ index < size."""
        rng = random.Random(f"{self.seed}/{self.app}/{index}")
        country = self._country(index)
        wrong_clock = rng.random() < _WRONG_CLOCK_SHARE
        offset = rng.randrange(-_WRONGEST_CLOCK_MS, _WRONGEST_CLOCK_MS) if wrong_clock else 0
        return Person(
            app=self.app,
            index=index,
            anonymous_id=_uuid(rng),
            user_id=self._user_id(index),
            country=country,
            address=country.choose_address(rng),
            device=choose_device(rng),
            gpc=rng.random() < GPC_SHARE,
            clock_offset_ms=offset,
            taste_seed=rng.getrandbits(64),
            loyalty=0.5 + rng.random(),
            taste_strength=self.taste_strength,
            group=self.group(index),
        )

    def group(self, index: int) -> Group | None:
        """The planted group of the person with this index. Somebody with a login has the same group on all sites."""
        return group_of(self.seed, self._user_id(index) or f"{self.app}/{index}") if self.grouped else None

    def logins(self) -> Iterator[tuple[str, Country]]:
        """The user_id of each person with a login, and that person's country."""
        for index in range(self.size):
            if (user_id := self._user_id(index)) is not None:
                yield user_id, self._country(index)

    def bot(self, number: int, agents: Sequence[str]) -> Person:
        """Crawler number `number`. It keeps no cookies, so each visit appears as a new browser."""
        rng = random.Random(f"{self.seed}/{self.app}/bot/{number}")
        country = rng.choice(COUNTRIES)
        return Person(
            app=self.app,
            index=-1 - number,
            anonymous_id=_uuid(rng),
            user_id=None,
            country=country,
            address=country.choose_address(rng),
            device=Device("desktop", "other", "other", rng.choice(agents), 1024, 768),
            gpc=False,
            clock_offset_ms=0,
            taste_seed=0,
            loyalty=0.5,
        )

    def draw_index(self, rng: random.Random, now_ms: int) -> int:
        """Draws one person's index: a country by its activity at `now_ms`, then a person of that country.

        The person is any of them, or one whose group tends to come at that hour.
        """
        while True:
            index = self._any_index(rng, now_ms)
            group = self.group(index)
            if group is None:
                return index
            if rng.random() < group.chance(local_hour(self._country(index).timezone, now_ms // _HOUR_MS)):
                return index

    def _any_index(self, rng: random.Random, now_ms: int) -> int:
        weights = activity_cumulated(now_ms // _HOUR_MS)
        country = bisect_right(weights, rng.random() * weights[-1], hi=len(weights) - 1)
        low, high = self._bounds[country], self._bounds[country + 1]
        return rng.randrange(low, high) if high > low else rng.randrange(self.size)

    def _country(self, index: int) -> Country:
        return COUNTRIES[bisect_right(self._bounds, index) - 1]

    def _user_id(self, index: int) -> str | None:
        """Logins are spread evenly over the indices; two sites share users where their ranges of numbers overlap."""
        number = int(index * LOGIN_SHARE)
        if int((index + 1) * LOGIN_SHARE) == number:
            return None
        return f"u{(self._first_user + number) % self.users + 1:06d}"


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))

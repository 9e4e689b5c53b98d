"""The groups that simulated people belong to with the setting `planted_groups`, and the themes of a site's items.

The people of a group have habits and tastes in common: how deep their visits go, at which hours of their day they come,
which sections and themes they like, and how readily they buy. No event names a group, so whoever finds the groups has
found them in the behaviour. The themes cut across the sections: an item's theme follows from its name alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate
from types import MappingProxyType
from typing import Final

THEMES: Final = 6
# How many visits people make at an hour of another group, for each one at an hour of their own.
_AWAY: Final = 0.02
_HOUR_MS: Final = 3_600_000
_DAY_HOURS: Final = 24
_ITEM: Final = re.compile(r"/(?:product|article|course)/([^/?]+)")


@dataclass(frozen=True, slots=True)
class Habits:
    """Factors of the behaviour of a site.

    bouncing: of the share of visits with one page. leaving: of the weight of leaving after a page. dwelling: of the
    seconds on a page. converting: of the weight of each step to a conversion.
    """

    bouncing: float = 1.0
    leaving: float = 1.0
    dwelling: float = 1.0
    converting: float = 1.0


@dataclass(frozen=True, slots=True)
class Group:
    """One planted group. share: of all people. hours: of the local day, in which most of its visits begin. sections: of
    all sites together. themes: the numbers of those that it likes."""

    name: str
    share: float
    hours: tuple[int, ...]
    habits: Habits
    sections: frozenset[str]
    themes: frozenset[int]

    def chance(self, local_hour: int) -> float:
        """The relative probability that a person of this group comes at an hour of the local day, 0 to 1."""
        return 1.0 if local_hour in self.hours else _AWAY

    def moved(self, start_ms: int, local_hour: int) -> int:
        """The time (epoch milliseconds) nearest to `start_ms` at an hour of this group, minutes unchanged.

        local_hour: at `start_ms`. The hours of the group take turns.
        """
        hour = self.hours[start_ms // _HOUR_MS % len(self.hours)]
        half = _DAY_HOURS // 2
        return start_ms + ((hour - local_hour + half) % _DAY_HOURS - half) * _HOUR_MS


# The hours of all groups together cover the day. A group's share is that of its hours in the visits of a day
# (`locations.py`), so that people of every group come equally often.
GROUPS: Final = (
    Group(
        name="early walkers",
        share=0.18,
        hours=(6, 7, 8, 9, 10),
        habits=Habits(bouncing=1.2, leaving=1.7, dwelling=0.7, converting=1.0),
        sections=frozenset(("camping", "footwear", "sport", "travel", "languages")),
        themes=frozenset((0, 1)),
    ),
    Group(
        name="lunch-hour skimmers",
        share=0.22,
        hours=(11, 12, 13, 14),
        habits=Habits(bouncing=1.6, leaving=3.0, dwelling=0.4, converting=0.2),
        sections=frozenset(("clothing", "politics", "economy", "mathematics")),
        themes=frozenset((1, 2)),
    ),
    Group(
        name="afternoon makers",
        share=0.23,
        hours=(15, 16, 17, 18),
        habits=Habits(bouncing=1.0, leaving=1.0, dwelling=1.0, converting=2.2),
        sections=frozenset(("tools", "kitchen", "climate", "arts")),
        themes=frozenset((2, 3)),
    ),
    Group(
        name="evening furnishers",
        share=0.24,
        hours=(19, 20, 21),
        habits=Habits(bouncing=0.6, leaving=0.55, dwelling=1.5, converting=1.6),
        sections=frozenset(("furniture", "lighting", "culture", "humanities")),
        themes=frozenset((3, 4)),
    ),
    Group(
        name="night learners",
        share=0.13,
        hours=(22, 23, 0, 1, 2, 3, 4, 5),
        habits=Habits(bouncing=0.4, leaving=0.32, dwelling=2.2, converting=0.2),
        sections=frozenset(("packs", "science", "computing")),
        themes=frozenset((4, 5)),
    ),
)
BY_NAME: Final[Mapping[str, Group]] = MappingProxyType({group.name: group for group in GROUPS})
_CUMULATED: Final = tuple(accumulate(group.share for group in GROUPS))


def group_of(seed: int, identity: str) -> Group:
    """The group of the person with this identity (a user_id, or the site and index of a person without a login)."""
    place = _fraction(f"{seed}/{identity}/group") * _CUMULATED[-1]
    return next(group for group, bound in zip(GROUPS, _CUMULATED, strict=True) if place < bound)


@lru_cache(maxsize=65_536)
def theme_of(path: str) -> int | None:
    """The theme of the item at a path, from 0 to THEMES - 1; None if the path is not an item's.

    The lessons of a course have the theme of the course.
    """
    item = _ITEM.match(path)
    return None if item is None else int(_fraction(f"{item[1]}/theme") * THEMES)


def _fraction(text: str) -> float:
    """A number from 0 to 1 (exclusive) that depends only on the text; Python's own hash differs between processes."""
    return int.from_bytes(blake2b(text.encode(), digest_size=6).digest(), "big") / (1 << 48)

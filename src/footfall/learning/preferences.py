"""How much a user likes an item, by what the user did with it. Pure."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from footfall.learning.ids import Item, User

# What an action says. A view is the least; whoever pays means it. A quiz is sent in by `form_submit`.
ACTIONS: Final[Mapping[str, float]] = {"page_view": 1.0, "add_to_cart": 3.0, "form_submit": 3.0, "purchase": 5.0}
# Each full half minute of reading counts as much as a view, up to this many for one item.
_READING_MS: Final = 30_000
_MOST_READING: Final = 4
# Whoever comes back to an item every day does not like it ten times as much.
_MOST: Final = 10.0


class Use(NamedTuple):
    """What a user did with an item in the window of days. counts: by action, those of ACTIONS."""

    user: User
    item: Item
    counts: Mapping[str, int]
    engaged_ms: int

    @property
    def is_bought(self) -> bool:
        """Whether the user bought it."""
        return self.counts.get("purchase", 0) > 0


def weight(use: Use) -> float:
    """The weight of a preference, from 1 to 10; 0 if the user did nothing that counts."""
    actions = sum(ACTIONS[name] * count for name, count in use.counts.items())
    reading = min(use.engaged_ms // _READING_MS, _MOST_READING)
    # Repeated actions add ever less: 1 → 1, 3 → 2, 7 → 3, 15 → 4.
    return min(_MOST, math.log2(1 + actions + reading)) if actions > 0 else 0.0


def preferences(uses: Iterable[Use]) -> dict[User, dict[Item, float]]:
    """The weights above 0, by user and item."""
    found: dict[User, dict[Item, float]] = defaultdict(dict)
    for use in uses:
        if (value := weight(use)) > 0:
            found[use.user][use.item] = value
    return dict(found)


def popularity(liked: Mapping[User, Mapping[Item, float]]) -> Counter[Item]:
    """The number of users of each item."""
    return Counter(item for items in liked.values() for item in items)


def bought(uses: Iterable[Use]) -> dict[User, set[Item]]:
    """The items that each user bought."""
    found: dict[User, set[Item]] = defaultdict(set)
    for use in uses:
        if use.is_bought:
            found[use.user].add(use.item)
    return dict(found)

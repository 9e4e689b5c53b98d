"""Methods that a recommender must beat: popularity, and chance. Pure."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from footfall.learning.evaluation.rankings import HeldOut

User = TypeVar("User")
Item = TypeVar("Item")


def by_popularity(
    data: HeldOut[User, Item], allowed: Callable[[User, Item], bool], rank: int = 10
) -> Mapping[User, Sequence[Item]]:
    """For each judged user, the allowed candidates with the most users in training that the user did not use.

    allowed: whether an item may be shown to a user, such as one of the same site
    """
    users = Counter(item for items in data.used.values() for item in set(items))
    ranked = sorted(data.candidates, key=lambda item: (-users[item], item))
    found = {}
    for user in data.relevant:
        used, listed = set(data.used[user]), []
        for item in ranked:
            if item not in used and allowed(user, item):
                listed.append(item)
                if len(listed) == rank:
                    break
        found[user] = listed
    return found


def by_chance(
    data: HeldOut[User, Item], allowed: Callable[[User, Item], bool], seed: int, rank: int = 10
) -> Mapping[User, Sequence[Item]]:
    """For each judged user, allowed candidates that the user did not use, drawn without preference."""
    random = np.random.default_rng(seed)
    candidates = sorted(data.candidates)  # type: ignore[type-var]  # ids sort
    found = {}
    for user in sorted(data.relevant):  # type: ignore[type-var]
        used, listed = set(data.used[user]), []
        for place in random.permutation(len(candidates)):
            item = candidates[place]
            if item not in used and allowed(user, item):
                listed.append(item)
                if len(listed) == rank:
                    break
        found[user] = listed
    return found

"""Figures of ranked lists on held-out days: precision, recall and MAP at a rank, coverage and novelty. Pure.

Only new items count: those that a user did not use in training. All methods rank the same candidates, which are the
items that anybody used in training.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

User = TypeVar("User")
Item = TypeVar("Item")
Series = NDArray[np.float64]


class Figures(NamedTuple):
    """Means over users; coverage is of the method as a whole.

    precision: hits ÷ rank. recall: hits ÷ new items. map: mean average precision. coverage: the share of candidates
    that are in any list. novelty: mean of -log2 of the share of users who used an item, over all listed items.
    """

    users: int
    precision: float
    recall: float
    map: float
    coverage: float
    novelty: float


@dataclass(frozen=True, slots=True)
class HeldOut(Generic[User, Item]):
    """What users did after training.

    used: by user, the items of training. relevant: by user, the new items of the days that evaluate, each a candidate;
    only users who have one. candidates: all items of training.
    """

    used: Mapping[User, Collection[Item]]
    relevant: Mapping[User, Collection[Item]]
    candidates: Collection[Item]


def held_out(
    training: Mapping[User, Collection[Item]], later: Mapping[User, Collection[Item]], least: int = 5
) -> HeldOut[User, Item]:
    """The users and items that can be judged. training, later: by user, the items of the days that train and evaluate.

    least: a user needs this many items in training
    """
    candidates = {item for items in training.values() for item in items}
    relevant = {
        user: new
        for user, items in training.items()
        if len(set(items)) >= least and (new := (set(later.get(user, ())) - set(items)) & candidates)
    }
    return HeldOut(training, relevant, candidates)


def average_precisions(data: HeldOut[User, Item], lists: Mapping[User, Sequence[Item]], rank: int = 10) -> Series:
    """The average precision at a rank of each judged user, in the order of `data.relevant`. A missing list has 0."""
    return np.array([average_precision(lists.get(user, ()), new, rank) for user, new in data.relevant.items()])


def average_precision(listed: Sequence[Item], relevant: Collection[Item], rank: int) -> float:
    """The mean of the precisions at the ranks of hits, over the possible hits. Raises ValueError without any."""
    possible = min(len(relevant), rank)
    if possible == 0:
        raise ValueError("A user without a relevant item cannot be judged.")
    hits, total = 0, 0.0
    for place, item in enumerate(listed[:rank], 1):
        if item in relevant:
            hits += 1
            total += hits / place
    return total / possible


def figures(data: HeldOut[User, Item], lists: Mapping[User, Sequence[Item]], rank: int = 10) -> Figures:
    """The figures of a method. Raises ValueError if no user can be judged, or a list has a forbidden item."""
    if not data.relevant:
        raise ValueError("No user used a new item in the days that evaluate.")
    holders: dict[Item, int] = {}
    for items in data.used.values():
        for item in set(items):
            holders[item] = holders.get(item, 0) + 1
    hits, recalls, shown = [], [], []
    for user, new in data.relevant.items():
        listed = list(lists.get(user, ()))[:rank]
        _check(listed, data.used[user], data.candidates)
        found = len(set(listed) & set(new))
        hits.append(found / rank)
        recalls.append(found / len(new))
        shown += listed
    novelty = [-math.log2(holders[item] / len(data.used)) for item in shown]
    return Figures(
        users=len(data.relevant),
        precision=float(np.mean(hits)),
        recall=float(np.mean(recalls)),
        map=float(average_precisions(data, lists, rank).mean()),
        coverage=len(set(shown)) / len(data.candidates),
        novelty=float(np.mean(novelty)) if novelty else 0.0,
    )


def _check(listed: Sequence[Item], used: Collection[Item], candidates: Collection[Item]) -> None:
    """A method that lists used or unknown items, or one twice, would be judged by other rules than the others."""
    if len(set(listed)) != len(listed):
        raise ValueError("A list has an item twice.")
    if wrong := [item for item in listed if item in used or item not in candidates]:
        raise ValueError(f"A list has {wrong[0]}, which is no candidate for its user.")

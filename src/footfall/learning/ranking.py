"""Ranked lists of items: popular ones, what each user gets, and why. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from footfall.learning.ids import Item, User

# In place of a section: the items of all sections of a site.
ALL_SECTIONS: Final = "all"
# How lists are made. boolean, weighted: by Mahout, without and with the weights of preferences. popular: of what most
# users of the site use.
Method = Literal["boolean", "weighted", "popular"]
# Items of a user's list, and of an item's similar ones.
MOST: Final = 10


class Ranked(NamedTuple):
    """An item in a user's list. score: the recommender's; None for an item that is merely popular. reason: the item
    that the user used and that is most similar to it, if there is one."""

    item: Item
    score: float | None
    reason: Item | None


def popular(users: Mapping[Item, int], sections: Mapping[Item, str], most: int) -> dict[tuple[str, str], list[Item]]:
    """The most used items by site and section, and by site and ALL_SECTIONS. users: of each item, their number."""
    groups: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in sorted(users, key=lambda one: (-users[one], one)):
        for section in {sections.get(item, ALL_SECTIONS), ALL_SECTIONS}:
            if len(groups[item.app_id, section]) < most:
                groups[item.app_id, section].append(item)
    return dict(groups)


def main_sections(liked: Mapping[User, Mapping[Item, float]], sections: Mapping[Item, str]) -> dict[User, str]:
    """The section in which each user's weights are largest in sum."""
    found = {}
    for user, items in liked.items():
        weights: Counter[str] = Counter()
        for item, weight in items.items():
            # Counter sums floats as well; its type knows integers only.
            weights[sections.get(item, ALL_SECTIONS)] += weight  # type: ignore[assignment]
        found[user] = min(weights, key=lambda section: (-weights[section], section))
    return found


def listed(
    user: User,
    scored: Sequence[tuple[Item, float]],
    used: Collection[Item],
    fallbacks: Sequence[Sequence[Item]],
    similar: Mapping[Item, Mapping[Item, float]],
    most: int,
) -> list[Ranked]:
    """A user's list: the scored items, then popular ones until it is full.

    used: what the user used or bought; it never appears, nor does an item of another site. fallbacks: lists of popular
    items, the best first. similar: item → similar item → similarity.
    """
    found: dict[Item, Ranked] = {}
    unwanted = set(used)
    for item, score in sorted(scored, key=lambda one: (-one[1], one[0])):
        if item not in unwanted and item.app_id == user.app_id:
            found.setdefault(item, Ranked(item, score, _reason(item, used, similar)))
    for item in (one for items in fallbacks for one in items):
        if item not in unwanted and item.app_id == user.app_id:
            found.setdefault(item, Ranked(item, None, None))
    return list(found.values())[:most]


def _reason(item: Item, used: Collection[Item], similar: Mapping[Item, Mapping[Item, float]]) -> Item | None:
    near = similar.get(item, {})
    candidates = [one for one in used if one in near]
    return min(candidates, key=lambda one: (-near[one], one)) if candidates else None


class Neighbour(NamedTuple):
    """A similar item. users: the number of users who used both."""

    item: Item
    similarity: float
    users: int


def neighbours(
    similar: Mapping[Item, Mapping[Item, float]], liked: Mapping[User, Mapping[Item, float]], most: int
) -> dict[Item, list[Neighbour]]:
    """The most similar items of each item, of its own site, with the users that they share."""
    users: dict[Item, set[User]] = defaultdict(set)
    for user, items in liked.items():
        for item in items:
            users[item].add(user)
    found = {}
    for item, others in similar.items():
        near = [
            Neighbour(other, similarity, len(users[item] & users[other]))
            for other, similarity in others.items()
            if other != item and other.app_id == item.app_id
        ]
        found[item] = sorted(near, key=lambda one: (-one.similarity, -one.users, one.item))[:most]
    return found

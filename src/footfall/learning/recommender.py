"""Mahout's recommender for users and items of any site: dense ids before it, lists of items after it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from footfall.learning import preferences, ranking
from footfall.learning.errors import TooLittleData
from footfall.learning.ids import Ids, Item, User
from footfall.learning.mahout import Mahout
from footfall.learning.preferences import Use
from footfall.learning.ranking import ALL_SECTIONS, Method, Ranked

# So many popular items of a group are looked at: a busy user has used most of the first ones.
_MOST_POPULAR: Final = 500
SEED: Final = 20_261_129


class Learned(NamedTuple):
    """What Mahout found. scored: by user, item and score. similar: item → similar item → similarity, both ways."""

    scored: dict[User, list[tuple[Item, float]]]
    similar: dict[Item, dict[Item, float]]


def check_enough(liked: Mapping[User, Mapping[Item, float]], days: str) -> None:
    """Raises TooLittleData unless there are two users and two items. days: such as `2026-11-24 to 2026-11-28`."""
    items = {item for items in liked.values() for item in items}
    if not items:
        raise TooLittleData(f"Nobody used an item in the days {days}, so there is nothing to recommend.")
    if len(liked) < 2 or len(items) < 2:
        users, known = f"{len(liked)} user{'s' * (len(liked) != 1)}", f"{len(items)} item{'s' * (len(items) != 1)}"
        raise TooLittleData(f"The days {days} have {users} and {known}; recommendations need two of each.")


def learn(mahout: Mahout, liked: Mapping[User, Mapping[Item, float]], name: str, method: Method) -> Learned:
    """Runs Mahout's recommender. liked: weights by user and item. name: a folder of Mahout's place.

    method: of `popular`, only the similar items matter, which are those of `boolean`. Raises MahoutFailed.
    """
    users, items = Ids(liked), Ids(item for found in liked.values() for item in found)
    pairs = (
        (users.number(user), items.number(item), weight)
        for user in sorted(liked)
        for item, weight in sorted(liked[user].items())
    )
    found = mahout.recommend(pairs, name, boolean=method != "weighted", most=ranking.MOST, seed=SEED)
    scored: dict[User, list[tuple[Item, float]]] = defaultdict(list)
    for one in found.items:
        scored[users.thing(one.user)].append((items.thing(one.item), one.score))
    similar: dict[Item, dict[Item, float]] = defaultdict(dict)
    for pair in found.similar:
        first, second = items.thing(pair.item), items.thing(pair.other)
        similar[first][second] = similar[second][first] = pair.similarity
    return Learned(dict(scored), dict(similar))


def lists(
    learned: Learned,
    liked: Mapping[User, Mapping[Item, float]],
    uses: Sequence[Use],
    sections: Mapping[Item, str],
    method: Method,
) -> dict[User, list[Ranked]]:
    """Each user's list. Mahout's are filled up with what is popular in the user's main section, then on the site."""
    scored = {} if method == "popular" else learned.scored
    by_group = ranking.popular(preferences.popularity(liked), sections, _MOST_POPULAR)
    main, bought = ranking.main_sections(liked, sections), preferences.bought(uses)

    def groups(user: User) -> tuple[str, ...]:
        return (ALL_SECTIONS,) if method == "popular" else (main[user], ALL_SECTIONS)

    return {
        user: ranking.listed(
            user,
            scored.get(user, ()),
            {*items, *bought.get(user, ())},
            [by_group.get((user.app_id, section), ()) for section in groups(user)],
            learned.similar,
            ranking.MOST,
        )
        for user, items in sorted(liked.items())
    }

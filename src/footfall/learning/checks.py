"""The checks of what a run learned, before it is published. Pure: each returns sentences, none if all is well."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from footfall.errors import first_of
from footfall.learning.ids import Item, User
from footfall.learning.outliers import OUTLIER
from footfall.learning.ranking import Method

# More outliers than that are no outliers: the model no longer fits.
_MOST_OUTLIERS: Final = 0.2


def of_segments(
    subjects: Iterable[str], members: Sequence[Mapping[str, Any]], segments: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Problems of segments and members. members, segments: rows of the tables."""
    problems = []
    counted = Counter(row["subject"] for row in members)
    wanted = set(subjects)
    if lost := sorted(wanted - counted.keys()):
        problems.append(f"{len(lost)} subjects have no segment: {first_of(lost)}.")
    if foreign := sorted(counted.keys() - wanted):
        problems.append(f"{len(foreign)} members are no subjects of the window: {first_of(foreign)}.")
    if repeated := sorted(subject for subject, count in counted.items() if count > 1):
        problems.append(f"{len(repeated)} subjects have several segments: {first_of(repeated)}.")
    sizes = Counter(row["segment_id"] for row in members)
    stated = {row["segment_id"]: row["size"] for row in segments}
    if stated != sizes:
        problems.append("The sizes of the segments differ from their numbers of members.")
    if len(sizes.keys() - {OUTLIER}) < 2:
        problems.append("All subjects are in one segment, so it says nothing.")
    if members and sizes[OUTLIER] / len(members) > _MOST_OUTLIERS:
        problems.append(f"{sizes[OUTLIER]} of {len(members)} subjects are outliers. Train the model again.")
    return problems


def of_recommendations(
    used: Mapping[User, Iterable[Item]],
    items: Iterable[Item],
    recommendations: Sequence[Mapping[str, Any]],
    similar: Sequence[Mapping[str, Any]],
    method: Method,
) -> list[str]:
    """Problems of recommendations and similar items. used: what each user used or bought. recommendations, similar:
    rows of the tables. method: how the lists were made."""
    problems = []
    known, taken = set(items), {user: set(found) for user, found in used.items()}
    pairs = [
        (User(row["app_id"], row["subject"]), Item(row["app_id"], row["item_type"], row["item_id"]))
        for row in recommendations
    ]
    if unknown := sorted({item.item_id for _, item in pairs if item not in known}):
        problems.append(f"{len(unknown)} recommended items do not exist on the user's site: {first_of(unknown)}.")
    if again := sorted({user.subject for user, item in pairs if item in taken.get(user, ())}):
        problems.append(f"{len(again)} users get items that they used or bought: {first_of(again)}.")
    if twice := sorted({user.subject for (user, _), count in Counter(pairs).items() if count > 1}):
        problems.append(f"{len(twice)} users get an item twice: {first_of(twice)}.")
    if method != "popular" and not any(row["score"] is not None for row in recommendations):
        problems.append("No user gets an item by the recommender, only popular ones.")
    if not similar:
        problems.append("No item has a similar one.")
    return problems

"""Decides which items a visitor is shown, and says why. Pure.

Both arms of the experiment leave out the same items and show the same number of them, so only the order differs.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

from footfall.recommendations import arms, table
from footfall.recommendations.arms import Arm, arm_of
from footfall.recommendations.reads import ListsUnavailable, Reads, Why
from footfall.recommendations.table import StoredList

Item = tuple[str, str]
"""Type and id of an item."""
# Where the first of the items comes from: the visitor's own list, what learning found to be popular, or the site.
Source = Literal["learned", "popular", "catalogue"]
# Why a list is not the visitor's own; `outside`: there is no id, so the visitor is outside the experiment.
Reason = Literal["outside", "arm", "no_list"] | Why
_NOTHING: Final[Sequence[Item]] = ()


class Visitor(NamedTuple):
    """Who asks. anonymous_id: None without consent. user_id: of the login, as the site itself knows it."""

    app_id: str
    anonymous_id: str | None
    user_id: str | None = None

    @property
    def arm(self) -> Arm | None:
        """The arm of the experiment; None outside it."""
        return None if self.anonymous_id is None else arm_of(self.anonymous_id)


class Offer(NamedTuple):
    """What is shown. variant: the visitor's arm. reason: None if the list is the visitor's own."""

    items: tuple[Item, ...]
    variant: Arm | None
    source: Source
    reason: Reason | None


class Shelf(NamedTuple):
    """What a site has to offer on a page.

    size: how many items are shown. exists: whether the site knows an item. popular: the site's own idea of what is
    popular. left_out: items that are not shown on this page, such as its own.
    """

    size: int
    exists: Callable[[Item], bool]
    popular: Sequence[Item]
    left_out: Collection[Item]


def offer(visitor: Visitor, section: str | None, shelf: Shelf, reads: Reads) -> Offer:
    """The items for a visitor. section: of the page; its popular items come before those of the whole site."""
    subjects = _subject_keys(visitor)
    sections = dict.fromkeys((section or table.ALL_SECTIONS, table.ALL_SECTIONS))
    populars = [table.popular_key(visitor.app_id, name) for name in sections]
    trouble: Why | None = None
    try:
        found = reads.read([*subjects, *populars])
    except ListsUnavailable as unavailable:
        found, trouble = {}, unavailable.why
    own = next((found[key] for key in subjects if key in found), None)
    personal = _items(own) if own is not None and visitor.arm == arms.RECOMMENDED else _NOTHING
    popular = [item for key in populars if key in found for item in _items(found[key])]
    # What the visitor's own list leaves out, the other arm leaves out as well.
    unwanted = {*shelf.left_out, *(own.used if own is not None else ())}
    chosen: dict[Item, Source] = {}
    for item, source in _ranked(personal, popular, shelf.popular):
        if len(chosen) == shelf.size:
            break
        if item not in unwanted and item not in chosen and shelf.exists(item):
            chosen[item] = source
    source = next(iter(chosen.values()), "catalogue")
    reason: Reason | None = trouble or _reason(visitor.arm)
    return Offer(tuple(chosen), visitor.arm, source, None if source == "learned" else reason)


def _subject_keys(visitor: Visitor) -> list[bytes]:
    if visitor.anonymous_id is None:
        return []
    subjects = (visitor.user_id, visitor.anonymous_id)
    return [table.subject_key(visitor.app_id, subject) for subject in subjects if subject is not None]


def _items(stored: StoredList) -> list[Item]:
    return [(entry.item_type, entry.item_id) for entry in stored.entries]


def _ranked(
    personal: Iterable[Item], popular: Iterable[Item], catalogue: Iterable[Item]
) -> Iterator[tuple[Item, Source]]:
    yield from ((item, "learned") for item in personal)
    yield from ((item, "popular") for item in popular)
    yield from ((item, "catalogue") for item in catalogue)


def _reason(arm: Arm | None) -> Reason:
    if arm is None:
        return "outside"
    return "no_list" if arm == arms.RECOMMENDED else "arm"

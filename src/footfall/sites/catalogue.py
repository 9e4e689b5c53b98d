"""What the list "for you" needs to know of a site's goods. Each site has one of these."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from footfall.recommendations.offer import Item


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The items of one site.

    template: shows a list of items. size: the number of items in a list. find: the item with this type and id, as the
    template shows it; None if there is none. popular: what the site itself would show to everybody, always the same, at
    least three times `size`. taken: what the browser of the current request has already chosen, such as its cart.
    """

    template: str
    size: int
    find: Callable[[Item], Any]
    popular: Callable[[], Sequence[Item]]
    taken: Callable[[], Collection[Item]]

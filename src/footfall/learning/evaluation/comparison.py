"""Methods side by side on the same held-out days, and how much better one is than another. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from footfall.learning.evaluation import bootstrap
from footfall.learning.evaluation.bootstrap import Interval
from footfall.learning.evaluation.rankings import Figures, HeldOut, average_precisions, figures

User = TypeVar("User")
Item = TypeVar("Item")


class Comparison(NamedTuple):
    """figures: by method. gains: by method: the mean average precision of the judged method minus that of this one,
    with its interval by user."""

    figures: dict[str, Figures]
    gains: dict[str, Interval]


def compare(
    data: HeldOut[User, Item], methods: Mapping[str, Mapping[User, Sequence[Item]]], judged: str, seed: int
) -> Comparison:
    """Compares one of the methods with all others. methods: by name: the list of each user. judged: a name of them.

    Raises ValueError if no user can be judged, or a list has a forbidden item.
    """
    found = {name: figures(data, lists) for name, lists in methods.items()}
    precisions = {name: average_precisions(data, lists) for name, lists in methods.items()}
    gains = {
        name: bootstrap.interval(precisions[judged] - other, seed)
        for name, other in precisions.items()
        if name != judged
    }
    return Comparison(found, gains)

"""Dense ids for users and items. Mahout hashes other ids to 31 bits, and two may meet. Pure."""

from collections.abc import Iterable
from typing import Final, Generic, NamedTuple, TypeVar

# Mahout's ids are integers of 31 bits.
MOST: Final = 2**31 - 2


class User(NamedTuple):
    """A subject on a site: whoever uses two sites is two users, so nothing is recommended across sites."""

    app_id: str
    subject: str


class Item(NamedTuple):
    """An item of a site."""

    app_id: str
    item_type: str
    item_id: str


T = TypeVar("T", User, Item)


class Ids(Generic[T]):
    """Gives each of some things a number from 0, in ascending order of the things."""

    __slots__ = ("_numbers", "_things")

    def __init__(self, things: Iterable[T]) -> None:
        self._things: list[T] = sorted(set(things))
        self._numbers: dict[T, int] = {thing: number for number, thing in enumerate(self._things)}

    def __len__(self) -> int:
        return len(self._things)

    def number(self, thing: T) -> int:
        """The number of a thing. Raises KeyError."""
        return self._numbers[thing]

    def thing(self, number: int) -> T:
        """The thing with a number. Raises IndexError."""
        if number < 0:
            raise IndexError(number)
        return self._things[number]

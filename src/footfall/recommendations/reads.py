"""What a site asks of a store of lists, whatever that store is."""

from collections.abc import Sequence
from typing import Literal, Protocol

from footfall.errors import EngineUnavailable
from footfall.recommendations.table import StoredList

Why = Literal["busy", "paused", "late", "failed"]
# By row key.
Lists = dict[bytes, StoredList]


class ListsUnavailable(EngineUnavailable):
    """The lists cannot be read now.

    why: `busy`: all connections were in use; `paused`: the circuit breaker is open; `late`: the time limit passed;
    `failed`: there is no connection, or the call was refused.
    """

    def __init__(self, why: Why, sentence: str) -> None:
        super().__init__(sentence)
        self.why: Why = why


class Reads(Protocol):
    """Reads lists. See `reader.Reader`."""

    def read(self, keys: Sequence[bytes]) -> Lists:
        """The lists of these rows that exist. Raises ListsUnavailable."""

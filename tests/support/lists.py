"""Recommended lists in memory, in place of HBase."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from footfall.recommendations.offer import Item
from footfall.recommendations.reads import Lists, ListsUnavailable, Why
from footfall.recommendations.table import Entry, StoredList

# Browsers whose arms are `recommended` and `popular`; a test pins them.
RECOMMENDED, POPULAR = "a", "b"


@dataclass
class StoredLists:
    """Lists by row key. why: lets every read fail. asked: the keys of each read."""

    lists: Lists = field(default_factory=dict)
    why: Why | None = None
    asked: list[Sequence[bytes]] = field(default_factory=list)

    def read(self, keys: Sequence[bytes]) -> Lists:
        """See `recommendations.reads.Reads`."""
        self.asked.append(keys)
        if self.why is not None:
            raise ListsUnavailable(self.why, "HBase does not answer.")
        return {key: self.lists[key] for key in keys if key in self.lists}


def list_of(items: Iterable[Item], used: Iterable[Item] = ()) -> StoredList:
    """A list of these items."""
    return StoredList("m", "2026-11-28", "run", 1, tuple(Entry(*item) for item in items), tuple(used))

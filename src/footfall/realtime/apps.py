"""Which apps an aggregate table holds rows of, found in the table itself: no list of sites says what was counted."""

from typing import Protocol

from footfall import names

# What ends an app's name in a row key, and the byte after it: between the two lie all rows of the app.
_END = b"\0"
_PAST = b"\x01"


class FirstKeys(Protocol):
    """A store whose tables are ordered by key; `store.HBaseStore` in life."""

    def first_keys(self, table: str, most: int, start: bytes = b"") -> list[bytes]:
        """The keys of the first rows from `start` on. May raise HBaseUnavailable."""


def counted_apps(store: FirstKeys, table: str = names.TABLE_MINUTE_METRICS) -> tuple[str, ...]:
    """The apps with a row in an aggregate table, in order, whether registered or not. Raises HBaseUnavailable.

    Reads one key an app and one more: from each app's first row it goes past all its rows to the next app's.
    """
    found: list[str] = []
    start = b""
    while keys := store.first_keys(table, 1, start):
        app = keys[0].split(_END, 1)[0]
        found.append(app.decode())
        start = app + _PAST
    return tuple(found)

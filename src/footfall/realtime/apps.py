"""The apps that an aggregate table has rows of, read from the table: an app may be counted but not registered."""

from typing import Protocol

from footfall import names

# The byte that ends an app's name in a row key, and the next byte: all rows of the app lie between the two.
_END = b"\0"
_PAST = b"\x01"


class FirstKeys(Protocol):
    """A store whose tables are ordered by key, such as `store.HBaseStore`."""

    def first_keys(self, table: str, most: int, start: bytes = b"") -> list[bytes]:
        """The keys of the first rows from `start` on. May raise HBaseUnavailable."""


def counted_apps(store: FirstKeys, table: str = names.TABLE_MINUTE_METRICS) -> tuple[str, ...]:
    """The apps with a row in an aggregate table, sorted, whether registered or not. Raises HBaseUnavailable.

    It reads one key per app and one more: from the first row of an app it skips to the first row of the next app.
    """
    found: list[str] = []
    start = b""
    while keys := store.first_keys(table, 1, start):
        app = keys[0].split(_END, 1)[0]
        found.append(app.decode())
        start = app + _PAST
    return tuple(found)

"""The values of one site and minute that have rows of their own in one partition: the first ones, in order of offset.

They are stored in the site's own row of that minute. After a crash that row may be older or newer than the rows of the
values. Both are right: the same records in the same order name the same values.
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Final

from footfall.metrics.dimension_limit import LIMITED, MOST_VALUES

# A hash of this size makes a value that is taken for another one unlikely: once in 10^13 values.
_HASH_BYTES: Final = 8


class KnownValues:
    """The values with rows of their own, by dimension. A value is given as the key of its row."""

    __slots__ = ("_hashes",)

    def __init__(self, stored: Mapping[str, bytes] | None) -> None:
        """stored: as `stored` returned it; None if no value is known."""
        self._hashes = {dimension: dict.fromkeys(_parts(hashes)) for dimension, hashes in (stored or {}).items()}

    def has_row(self, key: str) -> bool:
        """Whether a value that was counted before has a row of its own."""
        hashes = self._hashes.get(dimension_of(key), {})
        return len(hashes) < MOST_VALUES or _hash(key) in hashes

    def admit(self, key: str) -> bool:
        """As `has_row`, for the value of an event that is being counted: it gets the next free row."""
        hashes = self._hashes.setdefault(dimension_of(key), {})
        found = _hash(key)
        if found not in hashes:
            if len(hashes) >= MOST_VALUES:
                return False
            hashes[found] = None
        return True

    def stored(self) -> dict[str, bytes] | None:
        """The values as the site's row holds them, by dimension; None if there are none."""
        return {dimension: b"".join(hashes) for dimension, hashes in self._hashes.items()} or None


def dimension_of(key: str) -> str:
    """The dimension of a row, from its key as text."""
    return key.split("\0", 2)[1]


def site_row(key: str) -> str:
    """The key of the site's own row in the minute of this row."""
    app_id, _, minute, _ = key.split("\0", 3)
    return f"{app_id}\0app\0{minute}\0"


def other_row(key: str) -> str:
    """The key of the row that values without a row of their own share with this one."""
    app_id, dimension, minute, _ = key.split("\0", 3)
    return f"{app_id}\0{dimension}\0{minute}\0{LIMITED[dimension]}"


def _hash(key: str) -> bytes:
    return blake2b(key.encode(), digest_size=_HASH_BYTES).digest()


def _parts(hashes: bytes) -> Iterable[bytes]:
    return (hashes[start : start + _HASH_BYTES] for start in range(0, len(hashes), _HASH_BYTES))

"""Distinct visitors as mergeable theta sketches: exact up to some thousands, with an error of about 2 % beyond."""

from collections.abc import Iterable
from typing import Final

from datasketches import compact_theta_sketch, theta_union, update_theta_sketch

LG_K: Final = 12
EMPTY: Final = b""


class Visitors:
    """A set of visitors that grows. A stored sketch cannot be updated, so new visitors are merged into it by union."""

    __slots__ = ("_base", "_grown")

    def __init__(self, stored: bytes = EMPTY) -> None:
        self._base = stored
        self._grown: update_theta_sketch | None = None

    def add(self, visitors: Iterable[str]) -> bool:
        """Adds visitors, each identified by a text. False if all of them were known already.

        A visitor that only the stored sketch has, with which this set was created, may count as new once.
        """
        grown = self._grown
        if grown is None:
            grown = self._grown = update_theta_sketch(LG_K)
        before = grown.num_retained, grown.theta64
        for visitor in visitors:
            grown.update(visitor)
        # Every change either adds a hash or lowers theta.
        return before != (grown.num_retained, grown.theta64)

    def stored(self) -> bytes:
        """The serialized sketch, trimmed to its nominal size."""
        if self._grown is None:
            return self._base
        self._grown.trim()
        grown: bytes = self._grown.compact().serialize()
        return merge((self._base, grown)) if self._base else grown


def merge(stored: Iterable[bytes]) -> bytes:
    """The union of stored sketches."""
    sketches = [sketch for sketch in stored if sketch]
    if len(sketches) < 2:
        return sketches[0] if sketches else EMPTY
    union = theta_union(LG_K)
    for sketch in sketches:
        union.update(compact_theta_sketch.deserialize(sketch))
    merged: bytes = union.get_result().serialize()
    return merged


def count(stored: bytes) -> int:
    """The number of distinct visitors in a stored sketch, rounded to an integer."""
    return round(compact_theta_sketch.deserialize(stored).get_estimate()) if stored else 0


def is_exact(stored: bytes) -> bool:
    """Whether `count` is exact and not an estimate."""
    return not stored or not compact_theta_sketch.deserialize(stored).is_estimation_mode()

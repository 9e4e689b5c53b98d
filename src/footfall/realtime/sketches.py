"""Distinct visitors as mergeable sketches: exact up to some thousands, about two percent off beyond."""

from collections.abc import Iterable
from typing import Final

from datasketches import compact_theta_sketch, theta_union, update_theta_sketch

LG_K: Final = 12
EMPTY: Final = b""


class Visitors:
    """A growing set of visitors. Continues a stored sketch by union, since a stored one takes no more updates."""

    __slots__ = ("_base", "_grown")

    def __init__(self, stored: bytes = EMPTY) -> None:
        self._base = stored
        self._grown: update_theta_sketch | None = None

    def add(self, visitors: Iterable[str]) -> bool:
        """Adds visitors, each named by one text. False if that changed nothing, since all of them were known.

        One whom only the stored sketch knew, with which this set began, may be taken for a new one.
        """
        grown = self._grown
        if grown is None:
            grown = self._grown = update_theta_sketch(LG_K)
        before = grown.num_retained, grown.theta64
        for visitor in visitors:
            grown.update(visitor)
        # What is kept only ever grows, or is cut by a lower theta.
        return before != (grown.num_retained, grown.theta64)

    def stored(self) -> bytes:
        """The sketch as it is stored, trimmed to its nominal size."""
        if self._grown is None:
            return self._base
        self._grown.trim()
        grown: bytes = self._grown.compact().serialize()
        return merge((self._base, grown)) if self._base else grown


def merge(stored: Iterable[bytes]) -> bytes:
    """The sketch of all visitors of those stored sketches together."""
    sketches = [sketch for sketch in stored if sketch]
    if len(sketches) < 2:
        return sketches[0] if sketches else EMPTY
    union = theta_union(LG_K)
    for sketch in sketches:
        union.update(compact_theta_sketch.deserialize(sketch))
    merged: bytes = union.get_result().serialize()
    return merged


def count(stored: bytes) -> int:
    """How many distinct visitors a stored sketch holds, to the nearest whole one."""
    return round(compact_theta_sketch.deserialize(stored).get_estimate()) if stored else 0


def is_exact(stored: bytes) -> bool:
    """Whether `count` is the exact number, no estimate."""
    return not stored or not compact_theta_sketch.deserialize(stored).is_estimation_mode()

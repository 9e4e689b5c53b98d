"""The path of a visit: its page types or pages in order, without repeats."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

# Paths of these lengths are counted. One more step shows whether a visit ended with the longest.
SHORTEST: Final = 2
LONGEST: Final = 5
KEPT: Final = LONGEST + 1


def collapsed(steps: Sequence[str]) -> list[str]:
    """The first `KEPT` steps of a visit; a step that follows an equal one is left out."""
    return [step for step, _ in groupby(steps)][:KEPT]


def path(steps: Sequence[str], length: int) -> tuple[list[str], bool] | None:
    """The path of a length and whether the visit ended with it; None if the visit is shorter. steps: collapsed."""
    return (list(steps[:length]), len(steps) == length) if len(steps) >= length else None

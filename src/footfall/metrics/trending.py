"""Trending pages: those with more views than before."""

from math import sqrt
from typing import Final

# The views of the last five minutes are compared with the mean of the six windows before.
WINDOW_MINUTES: Final = 5
WINDOWS_BEFORE: Final = 6
# With fewer views a page is not ranked.
FEWEST_VIEWS: Final = 10


def baseline(views_before: int) -> float:
    """The mean number of views in one window, from the views of all `WINDOWS_BEFORE` windows before."""
    return views_before / WINDOWS_BEFORE


def score(views: int, usual: float) -> float | None:
    """The number of standard deviations, roughly, by which `views` exceed the baseline; None for too few views."""
    return (views - usual) / sqrt(usual + 1) if views >= FEWEST_VIEWS else None

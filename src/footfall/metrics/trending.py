"""Which pages draw more views than they did before."""

from math import sqrt
from typing import Final

# Views of the last five minutes are compared with the mean of the six such windows before.
WINDOW_MINUTES: Final = 5
WINDOWS_BEFORE: Final = 6
# With fewer views a page is not ranked.
FEWEST_VIEWS: Final = 10


def baseline(views_before: int) -> float:
    """The mean views of a window, of all views in the `WINDOWS_BEFORE` windows before."""
    return views_before / WINDOWS_BEFORE


def score(views: int, usual: float) -> float | None:
    """By how many standard deviations, roughly, `views` exceed the baseline; None if they are too few to say."""
    return (views - usual) / sqrt(usual + 1) if views >= FEWEST_VIEWS else None

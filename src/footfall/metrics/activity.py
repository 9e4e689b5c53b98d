"""The minutes that count as now."""

from typing import Final

# The lengths, in minutes, for which active visitors are counted.
ACTIVE_MINUTES: Final = (1, 5, 30)


def first_minute(now: int, length: int) -> int:
    """The first minute of a window that includes the current, partial minute and `length` full ones before it.

    now: the current minute, counted from 1970. The window has no end, since the clock of another machine may be ahead.
    """
    return now - length

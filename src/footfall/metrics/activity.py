"""Which minutes count as now."""

from typing import Final

# The lengths, in minutes, for which active visitors are counted.
ACTIVE_MINUTES: Final = (1, 5, 30)


def first_minute(now: int, length: int) -> int:
    """The first minute of a window that reaches to now: the current minute, which is partial, and `length` full ones.

    now: the current minute, since 1970. The window has no end: a minute that lies ahead by another machine's clock
    belongs to now.
    """
    return now - length

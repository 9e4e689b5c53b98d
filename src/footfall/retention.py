"""How much of the past one sweep may delete.

A wrong clock, or one event of a wrong clock, makes everything look expired. So a sweep goes on from the oldest that is
stored, by a step, wherever the retention of the settings ends. A pause leaves a gap, which costs no step.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import date, timedelta
from typing import Final

# With four sweeps per day, four days are deleted for each day that passes, so the sweeps catch up after a pause.
STEP: Final = timedelta(days=1)
STEP_MS: Final = STEP // timedelta(milliseconds=1)
EVERY_S: Final = 6 * 3600.0


def first_kept(first: date, stored: Iterable[date]) -> date:
    """The first day that this sweep keeps. first: the first day of the retention. stored: the days that are stored."""
    return min([first, *(oldest + STEP for oldest in sorted(stored)[:1])])


def first_kept_ms(first_ms: int, oldest_ms: int | None) -> int:
    """The same for times in ms since 1970. oldest_ms: the oldest time that is stored; None if nothing is."""
    return first_ms if oldest_ms is None else min(first_ms, oldest_ms + STEP_MS)


def delete_oldest(first: date, stored: Collection[tuple[date, str]], delete: Callable[[str], bool]) -> str:
    """Deletes the folders of days before `first_kept`. Returns in words what it did.

    first: the first day of the retention. stored: days with their folders. delete: whether there was such a folder.
    """
    kept = first_kept(first, (day for day, _ in stored))
    deleted = sum(delete(folder) for day, folder in stored if day < kept)
    left = {day for day, _ in stored if kept <= day < first}
    return f"{deleted} folders of days deleted{remaining(len(left))}"


def remaining(days: int) -> str:
    """The end of a sweep's sentence. days: how far what it left reaches back beyond the retention."""
    if days < 1:
        return ""
    return f"; {days} more days are past their retention, and one sweep deletes one day"

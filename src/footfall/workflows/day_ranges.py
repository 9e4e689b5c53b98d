"""Divides days into ranges. Imported on both sides, so it imports only the standard library."""

from collections.abc import Iterable
from datetime import date, timedelta


def consecutive(days: Iterable[date], most: int | None = None) -> list[list[date]]:
    """Groups of days that follow each other, ascending; at most `most` days in each, None for any number."""
    found: list[list[date]] = []
    for day in sorted(set(days)):
        if found and day - found[-1][-1] == timedelta(days=1) and (most is None or len(found[-1]) < most):
            found[-1].append(day)
        else:
            found.append([day])
    return found

"""Ranges of days, as the tasks of a workflow pass them on: `{"from": "2026-11-22", "to": "2026-11-24"}`."""

from collections.abc import Iterable
from datetime import date, timedelta

Span = dict[str, str]


def spans(days: Iterable[str]) -> list[Span]:
    """Joins days to as few ranges as possible, ascending. Raises ValueError for what is no date."""
    found: list[list[date]] = []
    for day in sorted({date.fromisoformat(text) for text in days}):
        if found and day - found[-1][-1] == timedelta(days=1):
            found[-1].append(day)
        else:
            found.append([day])
    return [{"from": group[0].isoformat(), "to": group[-1].isoformat()} for group in found]

"""Ranges of days, as the tasks of a workflow pass them on: `{"from": "2026-11-22", "to": "2026-11-24"}`."""

from collections.abc import Iterable
from datetime import date

from footfall.workflows.day_ranges import consecutive

Span = dict[str, str]


def spans(days: Iterable[str]) -> list[Span]:
    """Joins days to as few ranges as possible, ascending. Raises ValueError for what is no date."""
    found = consecutive(date.fromisoformat(text) for text in days)
    return [{"from": group[0].isoformat(), "to": group[-1].isoformat()} for group in found]

"""The report of `verify`: the cut, the totals of each store, the table by app and hour, the problems."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from footfall.events.times import format_rfc3339_ms
from footfall.verification.findings import HOUR_MS, Problem

# The table's columns: sums of events before the cut, by UTC hour of event_time (`rejected`: of rejected_at).
COLUMNS: Final = ("accepted", "in_kafka", "counted", "archived", "repeats", "rejected")


class Tally:
    """Sums by app and hour (hours since 1970)."""

    def __init__(self) -> None:
        self._sums: dict[tuple[int, str], Counter[str]] = {}

    def add(self, column: str, app_id: str, hour: int, events: int = 1) -> None:
        """Adds events to one of `COLUMNS`."""
        self._sums.setdefault((hour, app_id), Counter())[column] += events

    def total(self, column: str) -> int:
        """All events of one of `COLUMNS`."""
        return sum(sums[column] for sums in self._sums.values())

    def rows(self) -> list[dict[str, Any]]:
        """`{"hour", "app_id", …COLUMNS}` in order of hour and app."""
        return [
            {"hour": format_rfc3339_ms(hour * HOUR_MS), "app_id": app, **{column: sums[column] for column in COLUMNS}}
            for (hour, app), sums in sorted(self._sums.items())
        ]


@dataclass(frozen=True, slots=True)
class Report:
    """The result of `verify`.

    at_ms: T of the cut. ends: E by topic and partition. covers_from_ms: None if nothing is left out.
    stores: the totals of each store at the cut, with `compared`, and with a `reason` if it was not compared.
    """

    at_ms: int
    ends: Mapping[tuple[str, int], int]
    covers_from_ms: int | None
    stores: Mapping[str, Mapping[str, Any]]
    hours: list[dict[str, Any]]
    problems: list[Problem]

    @property
    def ok(self) -> bool:
        """Whether every compared store agrees."""
        return not self.problems

    def document(self) -> dict[str, Any]:
        """The JSON object that `./footfall verify --json` prints."""
        cut: dict[str, Any] = {"at": format_rfc3339_ms(self.at_ms)}
        for (topic, partition), end in sorted(self.ends.items()):
            cut.setdefault(topic, {})[str(partition)] = end
        return {
            "ok": self.ok,
            "cut": cut,
            "covers_from": None if self.covers_from_ms is None else format_rfc3339_ms(self.covers_from_ms),
            "stores": {name: dict(sums) for name, sums in self.stores.items()},
            "hours": self.hours,
            "problems": [problem.document() for problem in self.problems],
        }

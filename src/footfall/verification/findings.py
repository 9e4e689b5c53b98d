"""What does not agree, grouped so that it can be read: by store, kind, app and hour, with names of some offenders."""

from dataclasses import dataclass, field
from typing import Any, Final

from footfall.events.times import format_rfc3339_ms

HOUR_MS: Final = 3_600_000
# Enough to go and look; a store that lost a whole hour need not name each event.
MOST_NAMED: Final = 20

# (store, kind) → what has happened to so many things; the sentence of a problem.
_SENTENCES: Final = {
    ("ledger", "accepted_missing"): "{n} events that were answered 202 are not in Kafka.",
    ("ledger", "rejected_missing"): "{n} events that were answered as rejected are not in events.rejected.",
    ("ledger", "never_attempted"): "{n} events in Kafka are of simulated visits that never sent them.",
    ("ledger", "seq_differs"): "{n} events in Kafka have another seq than their visitor gave them.",
    ("kafka", "wrong_partition"): "{n} records are not in their session's partition.",
    ("live", "session_missing"): "{n} counted events have no cell in sessions.",
    ("live", "session_extra"): "{n} cells in sessions are of no event in Kafka.",
    ("live", "session_offset"): "{n} cells in sessions do not hold their event's first offset.",
    ("live", "row_missing"): "{n} times an event should be counted in a row that does not exist.",
    ("live", "row_extra"): "{n} cells count something though nothing in Kafka belongs to them.",
    ("live", "row_differs"): "{n} cells disagree with the recount.",
    ("archive", "not_archived"): "{n} events in Kafka are not archived.",
    ("archive", "archived_twice"): "{n} events are archived more than once.",
    ("archive", "archived_other"): "{n} events are archived by another record than their first.",
    ("archive", "archived_extra"): "{n} archived events are not in Kafka, which should still hold them.",
    ("logs", "access_missing"): "{n} access lines are not in HDFS under their day.",
    ("logs", "error_missing"): "{n} error lines are not in HDFS under their day.",
    ("logs", "performance_missing"): "{n} performance lines are not in HDFS under their day.",
    ("live", "row_late"): "{n} events lie between a row's own offset and progress, and are not in the row.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One disagreement. `hour` is hours since 1970, None if it is of no hour; `ids` names the first of `count`."""

    store: str
    kind: str
    app_id: str | None
    hour: int | None
    detail: str
    count: int
    ids: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """As `footfall verify --json` shows it."""
        return {
            "store": self.store,
            "kind": self.kind,
            "app_id": self.app_id,
            "hour": None if self.hour is None else format_rfc3339_ms(self.hour * HOUR_MS),
            "detail": self.detail,
            "count": self.count,
            "ids": list(self.ids),
        }


@dataclass(slots=True)
class _Group:
    count: int = 0
    ids: list[str] = field(default_factory=list)


class Findings:
    """Collects what the checks find."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str, str, int], _Group] = {}
        self._single: list[Problem] = []

    def add(self, store: str, kind: str, app_id: str, hour: int, name: str) -> None:
        """One offender, by name, of a kind that `_SENTENCES` knows."""
        group = self._groups.setdefault((store, kind, app_id, hour), _Group())
        group.count += 1
        if len(group.ids) < MOST_NAMED:
            group.ids.append(name)

    def say(self, store: str, kind: str, detail: str, app_id: str | None = None) -> None:
        """A problem that is a sentence of its own."""
        self._single.append(Problem(store, kind, app_id, None, detail, 1, ()))

    def problems(self) -> list[Problem]:
        """All of them: sentences first, then groups by store, kind, app and hour."""
        grouped = [
            Problem(*key, _SENTENCES[key[0], key[1]].format(n=group.count), group.count, tuple(group.ids))
            for key, group in sorted(self._groups.items())
        ]
        return self._single + grouped

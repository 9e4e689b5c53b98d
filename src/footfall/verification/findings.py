"""The disagreements, grouped by store, kind, app and hour, with the names of some of the events or rows concerned."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from footfall.events.times import format_rfc3339_ms

HOUR_MS: Final = 3_600_000
# Enough to investigate. A store that lost a whole hour need not name each event.
MAX_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """One disagreement. hour: hours since 1970, None if it concerns no single hour. ids: the first of `count` names."""

    store: str
    kind: str
    app_id: str | None
    hour: int | None
    detail: str
    count: int
    ids: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """The JSON object that `./footfall verify --json` prints."""
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
    sentence: str
    count: int = 0
    ids: list[str] = field(default_factory=list)


class Findings:
    """Collects the problems of all stores."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str, str, int], _Group] = {}
        self._single: list[Problem] = []

    def of(self, store: str, sentences: Mapping[str, str]) -> "StoreFindings":
        """The findings of one store. sentences: by kind, the sentence for a group of `{n}`."""
        return StoreFindings(store, sentences, self._groups, self._single)

    def problems(self) -> list[Problem]:
        """All problems: single sentences first, then groups by store, kind, app and hour."""
        grouped = [
            Problem(*key, group.sentence.format(n=group.count), group.count, tuple(group.ids))
            for key, group in sorted(self._groups.items(), key=lambda item: item[0])
        ]
        return self._single + grouped


class StoreFindings:
    """Collects the problems of one store."""

    def __init__(
        self,
        store: str,
        sentences: Mapping[str, str],
        groups: dict[tuple[str, str, str, int], _Group],
        single: list[Problem],
    ) -> None:
        self._store, self._sentences, self._groups, self._single = store, sentences, groups, single

    def add(self, kind: str, app_id: str, hour: int, name: str) -> None:
        """Adds one event or row to its group. kind: a key of `sentences`. hour: hours since 1970."""
        key = self._store, kind, app_id, hour
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(self._sentences[kind])
        group.count += 1
        if len(group.ids) < MAX_NAMED:
            group.ids.append(name)

    def say(self, kind: str, detail: str, app_id: str | None = None) -> None:
        """Adds a problem with a sentence of its own."""
        self._single.append(Problem(self._store, kind, app_id, None, detail, 1, ()))

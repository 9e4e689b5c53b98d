"""The visitors' ledgers against Kafka: what was accepted is there, and what is there of theirs was attempted.

A mended reject that went in again is explained by its *replayed* line.
"""

from array import array
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from typing import Final

from footfall import names
from footfall.sites.visitors.ledger import Entry
from footfall.verification.findings import HOUR_MS, Findings
from footfall.verification.identity import Identities, event_bytes, key_of, partition_of
from footfall.verification.log_scan import First, Partition
from footfall.verification.report import Tally

_ATTEMPTED, _ACCEPTED, _REJECTED, _DROPPED = range(4)
_KINDS: Final = {"attempted": _ATTEMPTED, "accepted": _ACCEPTED, "rejected": _REJECTED, "dropped": _DROPPED}
# A body that was no JSON is one reject without the ids of what was in it.
_WITHOUT_ID: Final = "not_json"
_UNKNOWN: Final = -1


class _Lines:
    """The ledger lines of one partition's sessions, in columns; seq `_UNKNOWN` where a line has none."""

    def __init__(self) -> None:
        self.identities = Identities()
        self.kinds = array("b")
        self.apps = array("H")
        self.ms = array("q")
        self.seqs = array("q")


class LedgerCheck:
    """Compares all sites' ledgers, which must be read after the cut's ends E. A `walk.Check`."""

    def __init__(self, floor: int, accepted_before_ms: Mapping[str, int], findings: Findings, tally: Tally) -> None:
        """floor: first hour compared, since 1970. accepted_before_ms: by app; what was accepted before is in Kafka."""
        self._floor, self._before_ms, self._findings, self._tally = floor, accepted_before_ms, findings, tally
        self._lines = [_Lines() for _ in range(names.EVENTS_PARTITIONS)]
        self._complete_from: dict[str, int] = {}
        # The lines name an app by its place in here.
        self._apps: list[str] = []
        self._rejected: dict[tuple[str, str], int] = {}
        # By identity. Not among the lines: they would make a browser's session one that a visitor must have sent whole.
        self._replayed: dict[int, set[int | None]] = {}
        self._at = Partition(0, 0, 0, 0, -1)
        self._first_lines: dict[int, int] = {}
        self._hours = array("i")
        self.sums: Counter[str] = Counter()
        self.explained: Counter[str] = Counter()

    def complete_from(self, app: str, hour: int) -> None:
        """Says that a site's single lines of before that hour (since 1970) are gone."""
        self._complete_from[app] = hour

    def add(self, app: str, entries: Iterable[Entry]) -> None:
        """Takes a site's ledger."""
        number = len(self._apps)
        self._apps.append(app)
        for entry in entries:
            try:
                event_id = event_bytes(entry.event_id)
            except ValueError:  # nothing of this name can be accepted
                continue
            if entry.ms // HOUR_MS >= self._floor:
                self.sums[entry.kind] += 1
                if entry.reason is not None:
                    self.explained[f"{entry.kind}: {entry.reason}"] += 1
            if entry.kind == "rejected" and entry.reason != _WITHOUT_ID and entry.ms < self._before_ms[app]:
                self._rejected[app, entry.event_id] = entry.ms // HOUR_MS
            if entry.kind == "replayed":
                self._replayed.setdefault(key_of(entry.session_id, event_id), set()).add(entry.seq)
                continue
            lines = self._lines[partition_of(entry.session_id)]
            lines.identities.add(entry.session_id, event_id)
            lines.kinds.append(_KINDS[entry.kind])
            lines.apps.append(number)
            lines.ms.append(entry.ms)
            lines.seqs.append(_UNKNOWN if entry.seq is None else entry.seq)

    def read(self, partition: int) -> None:
        """Nothing: ledgers are read once, since sessions are spread over all partitions."""

    def begin(self, partition: Partition) -> list[int]:
        """Looks out the lines of the partition's sessions."""
        self._at = partition
        lines = self._lines[partition.number]
        self._first_lines = {}
        for line, kind in enumerate(lines.kinds):
            if kind in (_ATTEMPTED, _ACCEPTED):
                self._first_lines.setdefault(lines.identities.key(line), line)
        self._hours = array("i", [_UNKNOWN]) * len(lines.kinds)
        return []

    def first(self, event: First) -> None:
        """An event of a visit that a ledger knows must have been attempted or replayed, with this seq."""
        lines, stored = self._lines[self._at.number], event.stored
        line = self._first_lines.get(event.key)
        if line is not None:
            self._hours[line] = event.hour
        if event.hour < self._floor or event.offset >= self._at.cut:
            return
        seq = stored.fields["seq"]
        if seq in self._replayed.get(event.key, ()):
            return
        if line is None:
            # An hour more: a line is written in the hour of the attempt, which may be the one before the event's.
            gone_before = self._complete_from.get(stored.app_id, 0) + 1
            if lines.identities.has_session(stored.session_id) and event.hour >= gone_before:
                self._findings.add("ledger", "never_attempted", stored.app_id, event.hour, event.name)
        elif lines.seqs[line] not in (_UNKNOWN, seq):
            told = f"{event.name}: seq {seq} instead of {lines.seqs[line]}"
            self._findings.add("ledger", "seq_differs", stored.app_id, event.hour, told)

    def backfill(self, event: First) -> None:
        """Only whether it is known at all is asked of history, in the end."""

    def end(self, known: Container[int]) -> None:
        """What was accepted must be known; so a hole in a visit's seq is found where its event was accepted."""
        lines, counted = self._lines[self._at.number], set[int]()
        for line, kind in enumerate(lines.kinds):
            app = self._apps[lines.apps[line]]
            if kind != _ACCEPTED or lines.ms[line] >= self._before_ms[app]:
                continue
            key = lines.identities.key(line)
            if key in counted:
                continue
            counted.add(key)
            first = self._first_lines[key]
            hour = lines.ms[first] // HOUR_MS if self._hours[first] == _UNKNOWN else self._hours[first]
            if hour < self._floor:
                continue
            self._tally.add("accepted", app, hour)
            if key not in known:
                self._findings.add("ledger", "accepted_missing", app, hour, lines.identities.name(line))

    def compare_rejected(self, held: Container[tuple[str, str]]) -> None:
        """What was answered as rejected must be among `held`, app and event_id of the records of events.rejected."""
        for identity, hour in self._rejected.items():
            if hour >= self._floor and identity not in held:
                self._findings.add("ledger", "rejected_missing", identity[0], hour, identity[1])

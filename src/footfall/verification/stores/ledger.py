"""Compares the visitors' ledgers with Kafka: every accepted event is there, and each of their events was attempted.

A repaired reject that was sent again is explained by its *replayed* line.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from typing import Any, Final

from footfall import names
from footfall.sites.visitors.ledger import KINDS, Entry
from footfall.verification.cut import PartitionRange
from footfall.verification.events_scan import EventRecord, EventsCheck
from footfall.verification.findings import HOUR_MS
from footfall.verification.identity import Identities, event_bytes, key_of, partition_of
from footfall.verification.ledger_files import Ledgers
from footfall.verification.patience import Patience
from footfall.verification.rejected_scan import RejectedCheck, RejectedRecord
from footfall.verification.spools import SpoolState, await_drained
from footfall.verification.stores.store import Comparison, Store

_SENTENCES: Final = {
    "accepted_missing": "{n} events that were answered 202 are not in Kafka.",
    "rejected_missing": "{n} events that a site rejected are not in events.rejected.",
    "never_attempted": "{n} events in Kafka belong to simulated visits that never sent them.",
    "seq_differs": "{n} events in Kafka have a different seq than their visitor gave them.",
}
_ATTEMPTED, _ACCEPTED, _REJECTED, _DROPPED = range(4)
_KINDS: Final = {"attempted": _ATTEMPTED, "accepted": _ACCEPTED, "rejected": _REJECTED, "dropped": _DROPPED}
# A body that is not JSON becomes one reject, without the ids of its events.
_WITHOUT_ID: Final = "not_json"
_UNKNOWN: Final = -1


class LedgerStore(Store):
    """The ledgers of all sites, and the spools in which accepted events may still wait on their way to Kafka."""

    name = "ledger"

    def __init__(
        self,
        ledgers: Ledgers,
        look_at_spool: Callable[[str], SpoolState],
        apps: Sequence[str],
        running: Collection[str],
    ) -> None:
        """look_at_spool: returns the state of a site's spool. apps: all sites. running: those that should answer."""
        self._ledgers, self._look_at_spool, self._apps, self._running = ledgers, look_at_spool, apps, running
        self._spools: Mapping[str, SpoolState] = {}

    def begin(self, at_ms: int, patience: Patience) -> None:
        """Waits until all events accepted before that time have left the spools, so that Kafka's ends include them."""
        self._spools = await_drained(self._look_at_spool, self._apps, self._running, at_ms, patience)

    def compare(self, comparison: Comparison) -> Sequence[EventsCheck | RejectedCheck]:
        """Reads the ledgers. It must happen after Kafka's ends are read, so that no attempt before them is missing."""
        comparison.say("Reading the ledgers.")
        at_ms, findings = comparison.cut.at_ms, comparison.findings.of(self.name, _SENTENCES)
        for app, state in self._spools.items():
            lag = state.lag(at_ms, app in self._running)
            if lag is not None:
                findings.say("spooled" if state.answers else "site_silent", lag, app)
        accepted_before_ms = {app: state.accepted_before_ms(at_ms) for app, state in self._spools.items()}
        self._tally = comparison.tally
        self._lines = _LedgerLines(accepted_before_ms, comparison)
        # The line of an attempt may be in the hour before that of the event.
        since_ms = max(0, comparison.first_hour - 1) * HOUR_MS
        for app in self._apps:
            self._lines.add(app, self._ledgers.entries(app, since_ms))
            # Read after the lines: an hour that was reduced to totals meanwhile is missing among them.
            self._lines.complete_from(app, self._ledgers.complete_from(app))
        return self._lines, _RejectedLines(self._lines)

    def summarise(self) -> Mapping[str, Any]:
        """Lines by kind; accepted: distinct events. explained: the number of lines by kind and reason."""
        totals = {kind: self._lines.totals[kind] for kind in KINDS} | {"accepted": self._tally.total("accepted")}
        return {"compared": True, **totals, "explained": dict(sorted(self._lines.explained.items()))}


class _PartitionLines:
    """The ledger lines of one partition's sessions, in columns. seqs: `_UNKNOWN` for a line without seq."""

    def __init__(self) -> None:
        self.identities = Identities()
        self.kinds = array("b")
        self.apps = array("H")
        self.ms = array("q")
        self.seqs = array("q")


class _LedgerLines(EventsCheck):
    """Compares all lines with the records of `events`.

    The ledgers are read after the cut, while visitors continue. So a line belongs to the cut if it was written before
    T, or if Kafka holds its event before the cut's ends.
    """

    def __init__(self, accepted_before_ms: Mapping[str, int], comparison: Comparison) -> None:
        """accepted_before_ms: by app, the time before which all accepted events must be in Kafka."""
        self._before_ms, self._at_ms = accepted_before_ms, comparison.cut.at_ms
        self._first_hour, self._tally = comparison.first_hour, comparison.tally
        self._findings = comparison.findings.of(LedgerStore.name, _SENTENCES)
        self._lines = [_PartitionLines() for _ in range(comparison.cut.events_partitions)]
        self._complete_from: dict[str, int] = {}
        # Lines refer to an app by its index in this list.
        self._apps: list[str] = []
        self._rejected: dict[tuple[str, str], int] = {}
        # By identity. Kept apart from the lines, because a session with lines must be complete, and a browser's is not.
        self._replayed: dict[int, set[int | None]] = {}
        # Lines that were written after T, by the key of their event; and that key by app and event_id.
        self._late: dict[int, list[Entry]] = {}
        self._late_ids: dict[tuple[str, str], int] = {}
        self._partition = PartitionRange(names.TOPIC_EVENTS, 0, 0, 0, 0)
        self._first_lines: dict[int, int] = {}
        self._hours = array("i")
        self._behind_cut: set[int] = set()
        self.totals: Counter[str] = Counter()
        self.explained: Counter[str] = Counter()

    def complete_from(self, app: str, hour: int) -> None:
        """Sets the first hour (since 1970) from which a site's lines are all kept."""
        self._complete_from[app] = hour

    def add(self, app: str, entries: Iterable[Entry]) -> None:
        """Adds a site's ledger."""
        number = len(self._apps)
        self._apps.append(app)
        for entry in entries:
            try:
                event_id = event_bytes(entry.event_id)
            except ValueError:  # an event with such an id cannot be accepted
                continue
            if entry.ms < self._at_ms:
                self._count(entry)
            else:
                key = key_of(entry.session_id, event_id)
                self._late.setdefault(key, []).append(entry)
                self._late_ids[app, entry.event_id] = key
            if entry.kind == "rejected" and entry.reason != _WITHOUT_ID and entry.ms < self._before_ms[app]:
                self._rejected[app, entry.event_id] = entry.ms // HOUR_MS
            if entry.kind == "replayed":
                self._replayed.setdefault(key_of(entry.session_id, event_id), set()).add(entry.seq)
                continue
            lines = self._lines[partition_of(entry.session_id, len(self._lines))]
            lines.identities.add(entry.session_id, event_id)
            lines.kinds.append(_KINDS[entry.kind])
            lines.apps.append(number)
            lines.ms.append(entry.ms)
            lines.seqs.append(_UNKNOWN if entry.seq is None else entry.seq)

    def begin(self, partition: PartitionRange) -> Sequence[int]:
        """Indexes the lines of the partition's sessions."""
        self._partition = partition
        lines = self._lines[partition.number]
        self._first_lines = {}
        for line, kind in enumerate(lines.kinds):
            if kind in (_ATTEMPTED, _ACCEPTED):
                self._first_lines.setdefault(lines.identities.key(line), line)
        self._hours = array("i", [_UNKNOWN]) * len(lines.kinds)
        self._behind_cut = set()
        return ()

    def first(self, event: EventRecord) -> None:
        """Reports an event of a visit in the ledger that was neither attempted nor replayed, or has another seq."""
        lines, stored = self._lines[self._partition.number], event.stored
        line = self._first_lines.get(event.key)
        if line is not None:
            self._hours[line] = event.hour
        if event.offset >= self._partition.cut:
            self._behind_cut.add(event.key)
            return
        if event.key in self._late:
            self._count_late(event.key)
        if event.hour < self._first_hour:
            return
        seq = stored.fields["seq"]
        if seq in self._replayed.get(event.key, ()):
            return
        if line is None:
            # One more hour, because the line of an attempt may be in the hour before that of the event.
            gone_before = self._complete_from.get(stored.app_id, 0) + 1
            if lines.identities.has_session(stored.session_id) and event.hour >= gone_before:
                self._findings.add("never_attempted", stored.app_id, event.hour, event.name)
        elif lines.seqs[line] not in (_UNKNOWN, seq):
            name = f"{event.name}: seq {seq} instead of {lines.seqs[line]}"
            self._findings.add("seq_differs", stored.app_id, event.hour, name)

    def end(self, known: Container[int]) -> None:
        """Reports accepted events that Kafka does not hold. So it finds every gap in a visit's accepted events.

        Backfill is not compared line by line: it is enough that Kafka holds it.
        """
        lines, done = self._lines[self._partition.number], set[int]()
        for line, kind in enumerate(lines.kinds):
            if kind != _ACCEPTED:
                continue
            key = lines.identities.key(line)
            if key in done:
                continue
            first, app = self._first_lines[key], self._apps[lines.apps[line]]
            in_kafka, promised = self._hours[first] != _UNKNOWN, lines.ms[line] < self._before_ms[app]
            if not (in_kafka or promised):
                continue
            done.add(key)
            hour = self._hours[first] if in_kafka else lines.ms[first] // HOUR_MS
            if hour < self._first_hour:
                continue
            if key not in self._behind_cut:
                self._tally.add("accepted", app, hour)
            if key not in known:
                self._findings.add("accepted_missing", app, hour, lines.identities.name(line))

    def reject(self, rejected: RejectedRecord, before_cut: bool) -> None:
        """Handles a record of `events.rejected`."""
        if rejected.event_id is None:
            return
        identity = rejected.app_id, rejected.event_id
        self._rejected.pop(identity, None)
        if before_cut and (key := self._late_ids.get(identity)) is not None:
            self._count_late(key)

    def judge_rejected(self) -> None:
        """Reports events that a site rejected and that are not in `events.rejected`."""
        for (app, event_id), hour in self._rejected.items():
            if hour >= self._first_hour:
                self._findings.add("rejected_missing", app, hour, event_id)

    def _count(self, entry: Entry) -> None:
        if entry.ms // HOUR_MS >= self._first_hour:
            self.totals[entry.kind] += 1
            if entry.reason is not None:
                self.explained[f"{entry.kind}: {entry.reason}"] += 1

    def _count_late(self, key: int) -> None:
        for entry in self._late.pop(key, ()):
            self._count(entry)


class _RejectedLines(RejectedCheck):
    """Compares the lines of rejected events with `events.rejected`."""

    def __init__(self, lines: _LedgerLines) -> None:
        self._lines, self._cut = lines, 0

    def begin(self, partition: PartitionRange) -> None:
        self._cut = partition.cut

    def record(self, rejected: RejectedRecord) -> None:
        self._lines.reject(rejected, rejected.offset < self._cut)

    def finish(self) -> None:
        self._lines.judge_rejected()

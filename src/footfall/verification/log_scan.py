"""One pass over a partition of `events`: tells each check of every identity's first record, then of the end."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from footfall.verification.findings import HOUR_MS, Findings
from footfall.verification.identity import key_of, name_of, partition_of
from footfall.verification.kafka_log import Record
from footfall.verification.report import Tally
from footfall.verification.stored_record import Stored, Unreadable, read_stored


class First(NamedTuple):
    """The record with the lowest offset of its identity. key: of the identity; hour: of event_time, since 1970."""

    offset: int
    key: int
    hour: int
    stored: Stored

    @property
    def name(self) -> str:
        """How people are told of it: `SESSION/EVENT`."""
        return name_of(self.stored.session_id, self.stored.event_id)


class Partition(NamedTuple):
    """A partition as it is read: from `start` to before `end`, which is read after the stores' cells.

    cut: E, the end when all stores had to have reached it. counted: last offset that `progress` included.
    """

    number: int
    start: int
    cut: int
    end: int
    counted: int


class Check(Protocol):
    """Compares one store with Kafka, partition by partition. Only hours from the report's first on are compared."""

    def read(self, partition: int) -> None:
        """Reads what the store has of a partition; Kafka's end is asked for afterwards."""

    def begin(self, partition: Partition) -> Iterable[int]:
        """Makes ready for the pass; returns keys of identities whose first record Kafka no longer holds."""

    def first(self, event: First) -> None:
        """Takes the first record of an identity, in order of offset; backfill is not among them."""

    def backfill(self, event: First) -> None:
        """Takes a record of history, which may be a repeat."""

    def end(self, known: Container[int]) -> None:
        """The pass is over; `known` has the key of every identity in the partition, backfill too."""


@dataclass(slots=True)
class Sums:
    """What Kafka holds. `unreadable`: of records that no store can take, `unreadable_counted`: up to `progress`."""

    records: int = 0
    events: int = 0
    repeats: int = 0
    backfill: int = 0
    unreadable: int = 0
    unreadable_counted: int = 0
    before_floor: int = 0

    def add(self, other: "Sums") -> None:
        """Adds another partition's."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Walk:
    """What every partition's pass shares. floor: first hour that is compared, hours since 1970."""

    checks: Sequence[Check]
    floor: int
    findings: Findings
    tally: Tally
    _placed: set[str] = field(default_factory=set)

    def partition(self, partition: Partition, records: Iterable[Record]) -> Sums:
        """Reads it once. Raises what `records` and the checks raise."""
        sums = Sums()
        seen: set[int] = set()
        backfilled: set[int] = set()
        for check in self.checks:
            seen.update(check.begin(partition))
        self._placed.clear()
        for offset, value in records:
            sums.records += 1
            try:
                stored = read_stored(value)
            except Unreadable:
                sums.unreadable += 1
                sums.unreadable_counted += offset <= partition.counted
                continue
            key, hour = key_of(stored.session_id, stored.event_id), stored.time_ms // HOUR_MS
            event = First(offset, key, hour, stored)
            if stored.session_id not in self._placed:
                self._check_place(partition, event)
            if stored.backfill:
                sums.backfill += 1
                backfilled.add(key)
                for check in self.checks:
                    check.backfill(event)
                continue
            repeat = key in seen
            if not repeat:
                seen.add(key)
                for check in self.checks:
                    check.first(event)
            if repeat:
                sums.repeats += 1
            else:
                sums.events += 1
            if hour < self.floor:
                sums.before_floor += 1
            elif offset < partition.cut:
                self.tally.add("repeats" if repeat else "in_kafka", stored.app_id, hour)
        known = seen | backfilled if backfilled else seen
        for check in self.checks:
            check.end(known)
        return sums

    def _check_place(self, partition: Partition, event: First) -> None:
        if partition_of(event.stored.session_id) == partition.number:
            self._placed.add(event.stored.session_id)
        elif event.hour >= self.floor:
            told = f"{event.name} in events/{partition.number}"
            self.findings.add("kafka", "wrong_partition", event.stored.app_id, event.hour, told)

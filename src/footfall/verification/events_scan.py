"""One pass over a partition of `events`, which passes every record to each check."""

from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

from footfall.verification.cut import PartitionRange
from footfall.verification.findings import HOUR_MS
from footfall.verification.identity import key_of, name_of
from footfall.verification.kafka_log import Record
from footfall.verification.stored_record import Stored, Unreadable, read_stored


class EventRecord(NamedTuple):
    """A record of `events`. key: `key_of` its identity. hour: hour of event_time, since 1970."""

    offset: int
    key: int
    hour: int
    stored: Stored

    @property
    def name(self) -> str:
        """Its name in messages: `SESSION/EVENT`."""
        return name_of(self.stored.session_id, self.stored.event_id)


class EventsCheck:
    """Compares one store with `events`, partition by partition. A store overrides the methods that it needs.

    A check compares only hours from the report's first hour on. Its totals include only records before the cut.
    """

    def read(self, partition: int) -> None:
        """Reads the store's data of a partition. The end of the partition is read afterwards."""

    def begin(self, partition: PartitionRange) -> Iterable[int]:
        """Prepares the pass. Returns the keys of identities whose first record Kafka no longer holds."""
        return ()

    def first(self, event: EventRecord) -> None:
        """Handles the first record of an identity, in order of offset. Backfill is passed to `backfill` instead."""

    def repeat(self, event: EventRecord) -> None:
        """Handles a later record of an identity. Backfill is passed to `backfill` instead."""

    def backfill(self, event: EventRecord) -> None:
        """Handles a record of backfill, which may be a repeat."""

    def unreadable(self, offset: int) -> None:
        """Handles a record that is no stored event, by its offset."""

    def end(self, known: Container[int]) -> None:
        """Ends the pass. `known` contains the key of every identity in the partition, backfill included."""


class EventsScan:
    """Scans the partitions one after the other."""

    def __init__(self, checks: Sequence[EventsCheck], first_hour: int) -> None:
        """first_hour: the first hour that is compared, since 1970."""
        self.checks, self._first_hour = checks, first_hour
        self.skipped_hours = False
        """Whether Kafka holds events of hours that are not compared."""

    def partition(self, partition: PartitionRange, records: Iterable[Record]) -> None:
        """Reads a partition once. Raises what `records` and the checks raise."""
        checks, first_hour, skipped = self.checks, self._first_hour, False
        seen: set[int] = set()
        backfilled: set[int] = set()
        for check in checks:
            seen.update(check.begin(partition))
        for offset, value in records:
            try:
                stored = read_stored(value)
            except Unreadable:
                for check in checks:
                    check.unreadable(offset)
                continue
            key, hour = key_of(stored.session_id, stored.event_id), stored.time_ms // HOUR_MS
            event = EventRecord(offset, key, hour, stored)
            if stored.backfill:
                backfilled.add(key)
                for check in checks:
                    check.backfill(event)
                continue
            if hour < first_hour:
                skipped = True
            if key in seen:
                for check in checks:
                    check.repeat(event)
                continue
            seen.add(key)
            for check in checks:
                check.first(event)
        known = seen | backfilled if backfilled else seen
        for check in checks:
            check.end(known)
        self.skipped_hours |= skipped

"""Kafka itself, with which the other stores are compared. Checks that each record is in its session's partition."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from footfall.verification.cut import PartitionRange
from footfall.verification.events_scan import EventRecord, EventsCheck
from footfall.verification.identity import partition_of
from footfall.verification.rejected_scan import RejectedCheck, RejectedRecord
from footfall.verification.stores.store import Comparison, Store

_SENTENCES: Final = {"wrong_partition": "{n} records are in another partition than their session belongs to."}


class KafkaStore(Store):
    """The topics `events` and `events.rejected`. The cut is defined by their ends, so there is nothing to wait for."""

    name = "kafka"

    def compare(self, comparison: Comparison) -> Sequence[EventsCheck | RejectedCheck]:
        """Returns the checks. The scan reads the records."""
        self._tally = comparison.tally
        self._events, self._rejected = _KafkaEvents(comparison), _KafkaRejected(comparison)
        return self._events, self._rejected

    def summarise(self) -> Mapping[str, Any]:
        """records, repeats, unreadable: all in the log before the cut. The other totals cover only compared hours."""
        return {
            "compared": True,
            "records": self._events.records,
            "events": self._tally.total("in_kafka"),
            "repeats": self._events.repeats,
            "backfill": self._events.backfills,
            "rejected": self._tally.total("rejected"),
            "unreadable": self._events.unreadables + self._rejected.unreadables,
        }


class _KafkaEvents(EventsCheck):
    def __init__(self, comparison: Comparison) -> None:
        self._first_hour, self._tally = comparison.first_hour, comparison.tally
        self._findings = comparison.findings.of(KafkaStore.name, _SENTENCES)
        self._partitions = comparison.cut.events_partitions
        self._number = self._cut = 0
        # Sessions known to be in their partition, so that each is hashed once.
        self._placed: set[str] = set()
        self.records = self.repeats = self.backfills = self.unreadables = 0

    def begin(self, partition: PartitionRange) -> Sequence[int]:
        self._number, self._cut = partition.number, partition.cut
        self._placed.clear()
        return ()

    def first(self, event: EventRecord) -> None:
        self._take(event, "in_kafka")

    def repeat(self, event: EventRecord) -> None:
        self.repeats += event.offset < self._cut
        self._take(event, "repeats")

    def backfill(self, event: EventRecord) -> None:
        self._check_partition(event)
        if event.offset < self._cut:
            self.records += 1
            self.backfills += event.hour >= self._first_hour

    def unreadable(self, offset: int) -> None:
        if offset < self._cut:
            self.records += 1
            self.unreadables += 1

    def _take(self, event: EventRecord, column: str) -> None:
        if event.stored.session_id not in self._placed:
            self._check_partition(event)
        if event.offset < self._cut:
            self.records += 1
            if event.hour >= self._first_hour:
                self._tally.add(column, event.stored.app_id, event.hour)

    def _check_partition(self, event: EventRecord) -> None:
        session_id = event.stored.session_id
        if session_id in self._placed or partition_of(session_id, self._partitions) == self._number:
            self._placed.add(session_id)
        elif event.hour >= self._first_hour:
            name = f"{event.name} in events/{self._number}"
            self._findings.add("wrong_partition", event.stored.app_id, event.hour, name)


class _KafkaRejected(RejectedCheck):
    def __init__(self, comparison: Comparison) -> None:
        self._first_hour, self._tally = comparison.first_hour, comparison.tally
        self._cut = 0
        self.unreadables = 0

    def begin(self, partition: PartitionRange) -> None:
        self._cut = partition.cut

    def record(self, rejected: RejectedRecord) -> None:
        hour = rejected.minute // 60
        if hour >= self._first_hour and rejected.offset < self._cut:
            self._tally.add("rejected", rejected.app_id, hour)

    def unreadable(self, offset: int) -> None:
        self.unreadables += offset < self._cut

"""Compares the archive with Kafka: every identity in Kafka must be archived once, by its first record."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from footfall import names
from footfall.kafka.topics import TopicPartition
from footfall.lake.progress import Current, Progress, ends_of
from footfall.verification.archive_files import Archived
from footfall.verification.cut import DAY_MS, Cut, PartitionRange, partition_name
from footfall.verification.events_scan import EventRecord, EventsCheck
from footfall.verification.findings import HOUR_MS, StoreFindings
from footfall.verification.identity import Rows, event_bytes
from footfall.verification.patience import Patience, await_reached
from footfall.verification.rejected_scan import RejectedCheck, RejectedRecord
from footfall.verification.stores.store import Comparison, Store

_SENTENCES: Final = {
    "not_archived": "{n} events in Kafka are not archived.",
    "archived_twice": "{n} events are archived more than once.",
    "archived_other": "{n} events are archived from a record that is not their first.",
    "archived_extra": "{n} archived events are not in Kafka, although Kafka should still hold them.",
}


class ArchiveReader(Protocol):
    """Reads the archive. `archive_files.ArchiveFiles` implements it."""

    def current(self) -> Current | None:
        """The archive's checkpoint; None before the archive began."""

    def latest(self, current: Current) -> Progress | None:
        """How far the archive is; None before the checkpoint's first batch."""

    def rows(self, damaged: Callable[[str], None]) -> Iterable[Archived]:
        """Every archived row. damaged: called with a sentence for each file that cannot be read."""


class Reached(NamedTuple):
    """How far the archive was before its rows were read."""

    current: Current
    latest: Progress | None

    @property
    def ends(self) -> dict[TopicPartition, int]:
        """The offset before which everything is archived, by partition."""
        return ends_of(self.current, self.latest)


class ArchiveStore(Store):
    """The Parquet files below `/events`."""

    name = "archive"

    def __init__(self, reader: ArchiveReader, kept_days: int) -> None:
        """kept_days: the number of days for which the files are kept."""
        self._reader, self._kept_days = reader, kept_days
        self._reached = Reached(Current("", {}, {}), None)

    def await_cut(self, cut: Cut, patience: Patience) -> None:
        """Waits until the archive has reached the cut."""

        def look() -> tuple[Reached, Mapping[TopicPartition, int]]:
            # Before the first checkpoint, nothing is archived.
            current = self._reader.current() or Current("", {}, {})
            reached = Reached(current, self._reader.latest(current))
            return reached, unarchived(reached, cut.ends, cut.starts)

        self._reached = await_reached(look, "archived", patience)

    def compare(self, comparison: Comparison) -> Sequence[EventsCheck | RejectedCheck]:
        """Reads every row."""
        comparison.say("Reading the archive.")
        findings = comparison.findings.of(self.name, _SENTENCES)
        _judge_reached(self._reached, comparison.cut, findings)
        # The watchdog may be deleting the oldest day right now.
        first_hour = (comparison.cut.at_ms // DAY_MS - self._kept_days + 1) * 24
        self._tally = comparison.tally
        self._events = _ArchivedEvents(
            self._reader, max(comparison.first_hour, first_hour), self._reached.ends, findings, comparison
        )
        self._rejected = _ArchivedRejected(self._reached.ends)
        return self._events, self._rejected

    def summarise(self) -> Mapping[str, Any]:
        """events: those of the compared hours. The other totals count from the archive's beginning."""
        totals = self._reached.current.totals if self._reached.latest is None else self._reached.latest.totals
        return {
            "compared": True,
            "events": self._tally.total("archived"),
            "repeats_left_out": totals.repeats - self._events.later_repeats,
            "rejected": totals.rejected - self._rejected.later,
            "unreadable": totals.unreadable - self._events.later_unreadable - self._rejected.later_unreadable,
        }


class _ArchivedEvents(EventsCheck):
    """Compares archived rows with `events`. later_…: the part of the archive's own totals that came after the cut."""

    def __init__(
        self,
        reader: ArchiveReader,
        first_hour: int,
        ends: Mapping[TopicPartition, int],
        findings: StoreFindings,
        comparison: Comparison,
    ) -> None:
        """first_hour: the first hour that is compared, since 1970. ends: the offsets before which all is archived."""
        self._first_hour, self._ends, self._findings, self._tally = first_hour, ends, findings, comparison.tally
        self._partitions = [Rows() for _ in range(comparison.cut.events_partitions)]
        for rows in reader.rows(lambda sentence: findings.say("damaged", sentence)):
            self._keep(rows)
        self._partition = PartitionRange(names.TOPIC_EVENTS, 0, 0, 0, 0)
        self._end = 0
        self._left: dict[int, int] = {}
        self._seen: set[int] = set()
        self.later_repeats = self.later_unreadable = 0

    def begin(self, partition: PartitionRange) -> Sequence[int]:
        """Indexes the partition's rows, and reports those that exist twice."""
        self._partition, self._left, self._seen = partition, {}, set()
        self._end = self._ends.get((partition.topic, partition.number), 0)
        rows = self._partitions[partition.number]
        for index in range(len(rows.offsets)):
            key = rows.identities.key(index)
            if self._left.setdefault(key, index) != index:
                self._add("archived_twice", index)
            elif rows.hours[index] >= self._first_hour and partition.start <= rows.offsets[index] < partition.cut:
                self._tally.add("archived", rows.apps[index], rows.hours[index])
        return ()

    def first(self, event: EventRecord) -> None:
        """Looks up the row of the identity."""
        if event.key in self._seen:
            self.repeat(event)
            return
        self._seen.add(event.key)
        index = self._left.pop(event.key, None)
        if event.hour < self._first_hour:
            return
        if index is None:
            if event.offset < self._partition.cut:
                self._findings.add("not_archived", event.stored.app_id, event.hour, event.name)
            return
        found = self._partitions[self._partition.number].offsets[index]
        # If Kafka no longer holds the archived offset, that record was the true first one.
        if found != event.offset and found >= self._partition.start:
            name = f"{event.name}: offset {found} instead of {event.offset}"
            self._findings.add("archived_other", event.stored.app_id, event.hour, name)

    def repeat(self, event: EventRecord) -> None:
        """Counts a repeat, which the archive leaves out."""
        self.later_repeats += self._partition.cut <= event.offset < self._end

    def backfill(self, event: EventRecord) -> None:
        """Handles backfill like any other event, as the archive does."""
        self.first(event)

    def unreadable(self, offset: int) -> None:
        """Counts an unreadable record, which the archive leaves out."""
        self.later_unreadable += self._partition.cut <= offset < self._end

    def end(self, known: Container[int]) -> None:
        """Reports rows that have no record in Kafka."""
        rows = self._partitions[self._partition.number]
        for index in self._left.values():
            if self._partition.start <= rows.offsets[index]:
                self._add("archived_extra", index)

    def _keep(self, rows: Archived) -> None:
        for session, event, at_ms, partition, offset in zip(
            rows.sessions, rows.events, rows.event_ms, rows.partitions, rows.offsets, strict=True
        ):
            kept = self._partitions[partition]
            kept.identities.add(session, event_bytes(event))
            kept.offsets.append(offset)
            kept.hours.append(at_ms // HOUR_MS)
            kept.apps.append(rows.app_id)

    def _add(self, kind: str, index: int) -> None:
        rows = self._partitions[self._partition.number]
        if rows.hours[index] >= self._first_hour:
            name = f"{rows.identities.name(index)} (offset {rows.offsets[index]})"
            self._findings.add(kind, rows.apps[index], rows.hours[index], name)


class _ArchivedRejected(RejectedCheck):
    """Counts rejects. later, later_unreadable: the part of the archive's own totals that came after the cut."""

    def __init__(self, ends: Mapping[TopicPartition, int]) -> None:
        self._ends = ends
        self._cut = self._end = 0
        self.later = self.later_unreadable = 0

    def begin(self, partition: PartitionRange) -> None:
        self._cut, self._end = partition.cut, self._ends.get((partition.topic, partition.number), 0)

    def record(self, rejected: RejectedRecord) -> None:
        self.later += self._cut <= rejected.offset < self._end

    def unreadable(self, offset: int) -> None:
        self.later_unreadable += self._cut <= offset < self._end


def unarchived(
    reached: Reached, ends: Mapping[TopicPartition, int], starts: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """The number of records before the ends that are not archived yet, by partition, without zeros."""
    done = reached.ends
    waiting = {partition: end - max(done.get(partition, 0), starts[partition]) for partition, end in ends.items()}
    return {partition: records for partition, records in waiting.items() if records > 0}


def _judge_reached(reached: Reached, cut: Cut, findings: StoreFindings) -> None:
    """Reports partitions that are behind, and offsets that are lost."""
    for partition, records in unarchived(reached, cut.ends, cut.starts).items():
        name, end = partition_name(partition), cut.ends[partition]
        done = reached.ends.get(partition, cut.starts[partition])
        findings.say(
            "behind", f"{records} records of {name} are not archived yet: the archive is at offset {done} of {end}."
        )
    for loss in reached.current.lost:
        findings.say(
            "lost",
            f"Kafka deleted offsets {loss.first} to {loss.end - 1} of {loss.topic}/{loss.partition} before they were "
            "archived.",
        )

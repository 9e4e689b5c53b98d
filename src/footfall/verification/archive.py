"""The archive against Kafka: every identity that Kafka holds is archived once, by its first record."""

from collections.abc import Container, Iterable, Mapping
from typing import Any, Final, NamedTuple, Protocol

from footfall import names
from footfall.kafka.topics import TopicPartition
from footfall.lake.progress import Current, Progress, ends_of
from footfall.verification.archive_files import Archived
from footfall.verification.findings import HOUR_MS, Findings
from footfall.verification.identity import Rows, event_bytes
from footfall.verification.log_scan import First, Partition
from footfall.verification.report import Tally

STORE: Final = "archive"


class ArchiveRows(Protocol):
    """How the archive is read; `archive_files.ArchiveFiles` in life."""

    def rows(self) -> Iterable[Archived]:
        """Every archived row."""


class Reached(NamedTuple):
    """How far the archive was, read before its rows were."""

    current: Current
    latest: Progress | None

    @property
    def ends(self) -> dict[TopicPartition, int]:
        """The offset up to which everything is archived, by partition."""
        return ends_of(self.current, self.latest)


class ArchiveCheck:
    """Compares `/events`. A `walk.Check`."""

    def __init__(self, archive: ArchiveRows, floor: int, findings: Findings, tally: Tally) -> None:
        """Reads all rows. floor: first hour compared, since 1970."""
        self._floor, self._findings, self._tally = floor, findings, tally
        self._partitions = [Rows() for _ in range(names.EVENTS_PARTITIONS)]
        self.events = 0
        for rows in archive.rows():
            self._keep(rows)
        self._at = Partition(0, 0, 0, 0, -1)
        self._left: dict[int, int] = {}
        self._seen: set[int] = set()

    def read(self, partition: int) -> None:
        """Nothing more: all was read at once."""

    def begin(self, partition: Partition) -> list[int]:
        """Looks out the partition's rows, and names those that are there twice."""
        self._at, self._left, self._seen = partition, {}, set()
        rows = self._partitions[partition.number]
        for index in range(len(rows.offsets)):
            key = rows.identities.key(index)
            if self._left.setdefault(key, index) != index:
                self._add("archived_twice", index, partition.number)
            elif rows.hours[index] >= self._floor and partition.start <= rows.offsets[index] < partition.cut:
                self._tally.add("archived", rows.apps[index], rows.hours[index])
        return []

    def first(self, event: First) -> None:
        """Looks for the identity's row."""
        if event.key in self._seen:
            return
        self._seen.add(event.key)
        index = self._left.pop(event.key, None)
        if event.hour < self._floor:
            return
        if index is None:
            if event.offset < self._at.cut:
                self._findings.add(STORE, "not_archived", event.stored.app_id, event.hour, event.name)
            return
        found = self._partitions[self._at.number].offsets[index]
        # Of an earlier record than any that Kafka still holds: the true first.
        if found != event.offset and found >= self._at.start:
            told = f"{event.name}: offset {found} instead of {event.offset}"
            self._findings.add(STORE, "archived_other", event.stored.app_id, event.hour, told)

    def backfill(self, event: First) -> None:
        """The archive takes history as it takes everything."""
        self.first(event)

    def end(self, known: Container[int]) -> None:
        """Names rows that no record of Kafka's stands behind."""
        rows = self._partitions[self._at.number]
        for index in self._left.values():
            if rows.hours[index] >= self._floor and self._at.start <= rows.offsets[index]:
                self._add("archived_extra", index, self._at.number)

    def sums(self, reached: Reached) -> Mapping[str, Any]:
        """The archive's part of the report."""
        totals = reached.current.totals if reached.latest is None else reached.latest.totals
        return {
            "compared": True,
            "events": self.events,
            "repeats_left_out": totals.repeats,
            "rejected": totals.rejected,
            "unreadable": totals.unreadable,
        }

    def _keep(self, rows: Archived) -> None:
        self.events += len(rows.offsets)
        for session, event, at_ms, partition, offset in zip(
            rows.sessions, rows.events, rows.event_ms, rows.partitions, rows.offsets, strict=True
        ):
            kept = self._partitions[partition]
            kept.identities.add(session, event_bytes(event))
            kept.offsets.append(offset)
            kept.hours.append(at_ms // HOUR_MS)
            kept.apps.append(rows.app_id)

    def _add(self, kind: str, index: int, partition: int) -> None:
        rows = self._partitions[partition]
        if rows.hours[index] >= self._floor:
            name = f"{rows.identities.name(index)} (offset {rows.offsets[index]})"
            self._findings.add(STORE, kind, rows.apps[index], rows.hours[index], name)


def judge_reached(
    reached: Reached, ends: Mapping[TopicPartition, int], starts: Mapping[TopicPartition, int], findings: Findings
) -> None:
    """Names what the archive has not reached, and what it lost for ever."""
    for place, records in unarchived(reached, ends, starts).items():
        done = reached.ends.get(place, starts[place])
        sentence = f"{records} records of {_name(place)} are not archived yet: {done} of {ends[place]}."
        findings.say(STORE, "behind", sentence)
    for loss in reached.current.lost:
        findings.say(
            STORE,
            "lost",
            f"Offsets {loss.first} to {loss.end - 1} of {loss.topic}/{loss.partition} were gone from Kafka before they "
            "were archived.",
        )


def unarchived(
    reached: Reached, ends: Mapping[TopicPartition, int], starts: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """Records below the ends that are not archived yet, by partition, where there are any."""
    done = reached.ends
    waiting = {place: end - max(done.get(place, 0), starts[place]) for place, end in ends.items()}
    return {place: records for place, records in waiting.items() if records > 0}


def _name(place: TopicPartition) -> str:
    return f"{place[0]}/{place[1]}"

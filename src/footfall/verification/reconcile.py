"""Compares every store with Kafka at a cut. Knows no engine: they come as `Log`, `LiveTables` and `Ledgers`."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, Protocol

from footfall import names
from footfall.realtime.tables import Progress
from footfall.sites.visitors.ledger import KINDS, Entry
from footfall.verification.archive import STORE, ArchiveCheck, ArchiveRows, Reached, judge_reached
from footfall.verification.cut import Cut, Floor, Log, judge_progress
from footfall.verification.findings import HOUR_MS, Findings
from footfall.verification.kafka_log import KafkaLogUnavailable
from footfall.verification.ledger import LedgerCheck
from footfall.verification.live import LiveCheck, LiveTables
from footfall.verification.log_scan import Check, Partition, Sums, Walk
from footfall.verification.rejected import RejectsCheck
from footfall.verification.report import Report, Tally

_NOT_PART: Final[Mapping[str, Any]] = {"compared": False, "reason": "not part of this profile"}


class Archive(NamedTuple):
    """The archive, and how far it was before its rows are read. first_hour: since 1970; older ones may be deleted."""

    rows: ArchiveRows
    reached: Reached
    first_hour: int = 0


class Ledgers(Protocol):
    """How the visitors' ledgers are read."""

    def entries(self, app: str, since_ms: int) -> Iterable[Entry]:
        """A site's single lines from a time (ms since 1970) on."""

    def complete_from(self, app: str) -> int:
        """The hour (since 1970) before which a site's single lines are gone; 0 if all are there."""


def reconcile(
    log: Log,
    live: LiveTables,
    ledgers: Ledgers,
    cut: Cut,
    floor: Floor,
    findings: Findings,
    archive: Archive | None,
    beside: Mapping[str, Mapping[str, Any]],
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Reads everything once and says what does not agree. Raises what the three raise, and KafkaLogUnavailable.

    archive: None if it is no part of what runs.
    beside: the parts of stores that are compared with something else than Kafka, for the report.
    """
    judge_progress(cut, findings)
    tally = Tally()
    say("Reading the session cells.")
    live_check = LiveCheck(live, floor.hour, findings, tally)
    say("Reading the ledgers.")
    ledger_check = _read_ledgers(ledgers, cut, floor, findings, tally)
    checks: list[Check] = [live_check, ledger_check]
    archived: Mapping[str, Any] = _NOT_PART
    if archive is not None:
        say("Reading the archive.")
        judge_reached(archive.reached, cut.ends, cut.starts, findings)
        archive_check = ArchiveCheck(archive.rows, max(floor.hour, archive.first_hour), findings, tally)
        archived = archive_check.sums(archive.reached)
        checks.append(archive_check)
    walk = Walk(checks, floor.hour, findings, tally)
    sums = Sums()
    for number in range(cut.topics[names.TOPIC_EVENTS].partitions):
        say(f"Comparing {names.TOPIC_EVENTS}/{number}.")
        partition = _opened(log, cut, names.TOPIC_EVENTS, number, walk.checks, findings)
        found = walk.partition(partition, log.read(names.TOPIC_EVENTS, number, partition.start, partition.end))
        _judge_unreadable(cut, names.TOPIC_EVENTS, partition, found.unreadable_counted, findings)
        sums.add(found)
    rejects = RejectsCheck(live, floor.hour, findings, tally)
    rejected = unreadable = 0
    held: set[tuple[str, str]] = set()
    for number in range(cut.topics[names.TOPIC_REJECTED].partitions):
        say(f"Comparing {names.TOPIC_REJECTED}/{number}.")
        partition = _opened(log, cut, names.TOPIC_REJECTED, number, (rejects,), findings)
        told = rejects.partition(partition, log.read(names.TOPIC_REJECTED, number, partition.start, partition.end))
        _judge_unreadable(cut, names.TOPIC_REJECTED, partition, told.unreadable_counted, findings)
        rejected, unreadable = rejected + told.records, unreadable + told.unreadable
        held |= told.identities
    ledger_check.compare_rejected(held)
    stores: dict[str, Mapping[str, Any]] = {
        "ledger": {
            "compared": True,
            **{kind: ledger_check.sums[kind] for kind in KINDS},
            "explained": dict(sorted(ledger_check.explained.items())),
        },
        "kafka": {
            "compared": True,
            "records": sums.records,
            "events": sums.events,
            "repeats": sums.repeats,
            "backfill": sums.backfill,
            "rejected": rejected,
            "unreadable": sums.unreadable + unreadable,
        },
        "live": {
            "compared": True,
            "session_cells": live_check.session_cells,
            "aggregate_cells": live_check.aggregate_cells,
            "rejected_cells": rejects.cells,
        },
        **beside,
        STORE: archived,
        # No profile runs it yet.
        "hive": _NOT_PART,
    }
    covers_from_ms = floor.hour * HOUR_MS if floor.hides or sums.before_floor else None
    return Report(cut.at_ms, cut.ends, covers_from_ms, stores, tally.rows(), findings.problems())


def _read_ledgers(ledgers: Ledgers, cut: Cut, floor: Floor, findings: Findings, tally: Tally) -> LedgerCheck:
    check = LedgerCheck(floor.hour, cut.accepted_before_ms, findings, tally)
    # An event's attempt may be written in the hour before the event's own.
    since_ms = max(0, floor.hour - 1) * HOUR_MS
    for app in cut.accepted_before_ms:
        check.add(app, ledgers.entries(app, since_ms))
        # Afterwards: an hour that was reduced to sums meanwhile is missing here.
        check.complete_from(app, ledgers.complete_from(app))
    return check


class _Readable(Protocol):
    def read(self, partition: int) -> None: ...


def _opened(log: Log, cut: Cut, topic: str, number: int, stores: Iterable[_Readable], findings: Findings) -> Partition:
    """Lets the stores read their cells of a partition, and asks for Kafka's end afterwards."""
    for store in stores:
        store.read(number)
    place = topic, number
    start, end = log.bounds(topic, [number])[number]
    if start != cut.starts[place]:
        raise KafkaLogUnavailable(f"Kafka deleted old records of {topic}/{number} in the meantime: verify again.")
    counted = cut.counted(place)
    if counted >= end:
        findings.say(
            "live",
            "tail_lost",
            f"Kafka's log of {topic}/{number} ends at offset {end}, but everything before {counted + 1} is counted: "
            "Kafka lost its tail.",
        )
    return Partition(number, start, cut.ends[place], end, counted)


def _judge_unreadable(cut: Cut, topic: str, partition: Partition, found: int, findings: Findings) -> None:
    """Records that are no events are left out by all; but all must leave out the same."""
    progress: Progress | None = cut.states[topic, partition.number].progress
    counted = 0 if progress is None else progress.unparsable
    # What Kafka has deleted may have held more of them.
    if counted < found or (counted > found and partition.start == 0):
        findings.say(
            "live",
            "unreadable_differs",
            f"progress tells of {counted} unreadable records in {topic}/{partition.number}, Kafka holds {found}.",
        )

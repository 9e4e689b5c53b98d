"""Compares a list of stores with Kafka at a cut. It depends on no particular store and on no engine."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from footfall import names
from footfall.kafka.topics import Topic
from footfall.setting_groups import Retention
from footfall.verification.cut import Cut, Floor, Log, PartitionRange, bounds, floor_of
from footfall.verification.events_scan import EventsCheck, EventsScan
from footfall.verification.findings import HOUR_MS, Findings
from footfall.verification.kafka_log import KafkaLogUnavailable, Record
from footfall.verification.patience import Patience, Say
from footfall.verification.rejected_scan import RejectedCheck, scan_rejected
from footfall.verification.report import Report, Tally
from footfall.verification.stores.store import Comparison, Store


def take_cut(
    log: Log, topics: Mapping[str, Topic], stores: Sequence[Store], at_ms: int, patience: Callable[[], Patience]
) -> Cut:
    """Takes the cut at T = at_ms, and waits until every store has reached it or its patience is over.

    patience: returns a new Patience for each wait. Raises EngineUnavailable.
    """
    for store in stores:
        store.begin(at_ms, patience())
    held = bounds(log, topics)
    starts, ends = ({partition: limits[side] for partition, limits in held.items()} for side in (0, 1))
    cut = Cut(at_ms, topics, starts, ends)
    for store in stores:
        store.await_cut(cut, patience())
    return cut


def reconcile(
    log: Log,
    stores: Sequence[Store],
    cut: Cut,
    retention: Retention,
    since_ms: int | None,
    say: Say = lambda _: None,
) -> Report:
    """Reads everything once and reports all disagreements, with all totals as of the cut.

    stores: the stores that were awaited. since_ms: hours before the hour of this time are left out. say: receives
    progress messages. Raises EngineUnavailable, and KafkaLogUnavailable if Kafka deletes records meanwhile.
    """
    kept_from_hour = max((store.kept_from_hour() for store in stores), default=0)
    held = {partition: (start, cut.ends[partition]) for partition, start in cut.starts.items()}
    floor = floor_of(log, held, retention, cut.at_ms, since_ms, kept_from_hour)
    comparison = Comparison(cut, floor.hour, Findings(), Tally(), say)
    checks = [check for store in stores for check in store.compare(comparison)]
    scan = EventsScan([check for check in checks if isinstance(check, EventsCheck)], floor.hour)
    for partition in _partitions(log, cut, names.TOPIC_EVENTS, scan.checks, say):
        scan.partition(partition, _records(log, partition))
    of_rejected = [check for check in checks if isinstance(check, RejectedCheck)]
    for partition in _partitions(log, cut, names.TOPIC_REJECTED, of_rejected, say):
        scan_rejected(partition, _records(log, partition), of_rejected)
    for check in of_rejected:
        check.finish()
    return _report(stores, comparison, floor, scan)


def _partitions(
    log: Log, cut: Cut, topic: str, checks: Sequence[EventsCheck | RejectedCheck], say: Say
) -> Iterable[PartitionRange]:
    """The partitions of a topic. For each, the checks read their store before the end of the partition is read."""
    for number in range(cut.topics[topic].partitions):
        say(f"Comparing {topic}/{number}.")
        for check in checks:
            check.read(number)
        start, end = log.bounds(topic, [number])[number]
        if start != cut.starts[topic, number]:
            raise KafkaLogUnavailable(
                f"Kafka deleted old records of {topic}/{number} during the comparison. Please verify again."
            )
        yield PartitionRange(topic, number, start, cut.ends[topic, number], end)


def _records(log: Log, partition: PartitionRange) -> Iterable[Record]:
    return log.read(partition.topic, partition.number, partition.start, partition.end)


def _report(stores: Sequence[Store], comparison: Comparison, floor: Floor, scan: EventsScan) -> Report:
    parts: dict[str, dict[str, Any]] = {}
    for store in stores:
        parts.setdefault(store.name, {}).update(store.summarise())
    covers_from_ms = floor.hour * HOUR_MS if floor.hides or scan.skipped_hours else None
    cut, findings = comparison.cut, comparison.findings
    return Report(cut.at_ms, cut.ends, covers_from_ms, parts, comparison.tally.rows(), findings.problems())

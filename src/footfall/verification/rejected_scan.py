"""One pass over a partition of `events.rejected`, where every record counts: shows each check every record."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import orjson

from footfall.events.times import parse_rfc3339_ms
from footfall.verification.cut import PartitionRange
from footfall.verification.kafka_log import Record


class RejectedRecord(NamedTuple):
    """A rejected event. minute: of rejected_at, since 1970; event_id: None if the event had none fit to be kept."""

    offset: int
    app_id: str
    minute: int
    event_id: str | None


class RejectedCheck:
    """Compares one store with `events.rejected`, partition by partition. A store overrides what it has to know."""

    def read(self, partition: int) -> None:
        """Reads what the store has of a partition; Kafka's end is asked for afterwards."""

    def begin(self, partition: PartitionRange) -> None:
        """Makes ready for the pass."""

    def record(self, rejected: RejectedRecord) -> None:
        """Takes a record, in order of offset."""

    def unreadable(self, offset: int) -> None:
        """Takes the offset of a record that is no reject."""

    def end(self) -> None:
        """The pass over this partition is over."""

    def finish(self) -> None:
        """All partitions were passed over."""


def scan_rejected(partition: PartitionRange, records: Iterable[Record], checks: Sequence[RejectedCheck]) -> None:
    """Reads a partition once. Raises what `records` and the checks raise."""
    for check in checks:
        check.begin(partition)
    for offset, value in records:
        try:
            rejected = _read_rejected(offset, value)
        except (KeyError, TypeError, ValueError):
            for check in checks:
                check.unreadable(offset)
            continue
        for check in checks:
            check.record(rejected)
    for check in checks:
        check.end()


def _read_rejected(offset: int, value: bytes) -> RejectedRecord:
    fields = orjson.loads(value)
    app, event_id = fields["app_id"], fields.get("event_id")
    if type(app) is not str or "\0" in app:
        raise TypeError("app_id is no text")
    return RejectedRecord(offset, app, parse_rfc3339_ms(fields["rejected_at"]) // 60_000, event_id)

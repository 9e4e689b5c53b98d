"""One pass over a partition of `events.rejected`, which passes every record to each check. Every record counts."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import orjson

from footfall.events.times import parse_rfc3339_ms
from footfall.verification.cut import PartitionRange
from footfall.verification.kafka_log import Record


class RejectedRecord(NamedTuple):
    """A rejected event. minute: of rejected_at, since 1970. event_id: None if the event had no usable one."""

    offset: int
    app_id: str
    minute: int
    event_id: str | None


class RejectedCheck:
    """Compares one store with `events.rejected`, by partition. A store overrides the methods that it needs."""

    def read(self, partition: int) -> None:
        """Reads the store's data of a partition. The end of the partition is read afterwards."""

    def begin(self, partition: PartitionRange) -> None:
        """Prepares the pass."""

    def record(self, rejected: RejectedRecord) -> None:
        """Handles a record, in order of offset."""

    def unreadable(self, offset: int) -> None:
        """Handles a record that is no reject, by its offset."""

    def end(self) -> None:
        """Ends the pass over this partition."""

    def finish(self) -> None:
        """Ends the scan of all partitions."""


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

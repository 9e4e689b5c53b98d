"""Reads the topic `events.rejected` from its end, since users mostly look for recent rejects."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from footfall.events.rejects import RejectRecord, read_reject_record
from footfall.names import TOPIC_REJECTED
from footfall.verification.kafka_log import Record

# The topic has this single partition, so an offset alone identifies a record.
_PARTITION: Final = 0
# Records in memory at once. One is usually about 1 KB, and at most a third of a megabyte.
_WINDOW: Final = 500
_PATIENCE_S: Final = 10.0


class Log(Protocol):
    """The methods of `kafka_log.KafkaLog` that are used here."""

    def bounds(self, topic: str, partitions: Sequence[int], timeout_s: float = ...) -> dict[int, tuple[int, int]]:
        """First offset held and next offset to be written, by partition."""

    def read(self, topic: str, partition: int, first: int, end: int) -> Iterable[Record]:
        """Records with first ≤ offset < end, in order of offset."""


class Kept(NamedTuple):
    """A reject and its offset in the topic."""

    offset: int
    reject: RejectRecord


def newest_first(log: Log, unreadable: Callable[[int], object], window: int = _WINDOW) -> Iterator[Kept]:
    """The rejects that Kafka holds, the newest first. Raises KafkaLogUnavailable.

    unreadable: called with the offset of each record that is no reject; such records are left out.
    window: the number of records read at once.
    """
    first, end = _bounds(log)
    while end > first:
        begin = max(first, end - window)
        for offset, value in reversed(list(log.read(TOPIC_REJECTED, _PARTITION, begin, end))):
            try:
                yield Kept(offset, read_reject_record(value))
            except ValueError:
                unreadable(offset)
        end = begin


def find(log: Log, name: str, unreadable: Callable[[int], object]) -> list[Kept]:
    """If `name` is a number, the reject at that offset; otherwise all rejects of the event_id `name`, newest first.

    Raises KafkaLogUnavailable.
    """
    if not (name.isascii() and name.isdigit()):
        return [kept for kept in newest_first(log, unreadable) if kept.reject.event_id == name]
    first, end = _bounds(log)
    offset = int(name)
    if not first <= offset < end:
        return []
    found = []
    for at, value in log.read(TOPIC_REJECTED, _PARTITION, offset, offset + 1):
        try:
            found.append(Kept(at, read_reject_record(value)))
        except ValueError:
            unreadable(at)
    return found


def _bounds(log: Log) -> tuple[int, int]:
    return log.bounds(TOPIC_REJECTED, [_PARTITION], _PATIENCE_S)[_PARTITION]

"""The topic `events.rejected` read from its end: what people look for has mostly just happened."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from footfall.events.rejects import RejectRecord, read_reject_record
from footfall.names import TOPIC_REJECTED
from footfall.verification.kafka_log import Record

# An offset names a record only because the topic has this one partition.
_PARTITION: Final = 0
# Records held at once; one is about a kilobyte, and a third of a megabyte at most.
_WINDOW: Final = 500
_PATIENCE_S: Final = 10.0


class Log(Protocol):
    """What is needed of `kafka_log.KafkaLog`."""

    def bounds(self, topic: str, partitions: Sequence[int], timeout_s: float = ...) -> dict[int, tuple[int, int]]:
        """First offset held and next offset to be written, by partition."""

    def read(self, topic: str, partition: int, first: int, end: int) -> Iterable[Record]:
        """Records with first ≤ offset < end, in order of offset."""


class Kept(NamedTuple):
    """A reject and where it stands in the topic."""

    offset: int
    reject: RejectRecord


def newest_first(log: Log, unreadable: Callable[[int], object], window: int = _WINDOW) -> Iterator[Kept]:
    """The rejects that Kafka holds, the newest first. Raises KafkaLogUnavailable.

    unreadable: gets the offset of each record that is no reject; those are left out. window: records read at once.
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
    """The reject at an offset, if `name` is a number, else all that have the event_id `name`, the newest first.

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

"""Reads Kafka as a log: every record of a partition between two offsets."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from footfall.errors import EngineUnavailable

_BATCH = 10_000
# A healthy broker returns records that exist within this time.
_PATIENCE_S = 30.0
_ASK_TIMEOUT_S = 20.0


class Record(NamedTuple):
    """The offset and value of a record."""

    offset: int
    value: bytes


class KafkaLogUnavailable(EngineUnavailable):
    """Kafka cannot be read; the message is one sentence."""


class KafkaLog:
    """Reads whole partitions without joining a group and without committing anything."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._consumer: Any = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "footfall-verify",
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": False,
                # The client's own log would repeat on stderr what the messages below report.
                "log_level": 2,
                # With the default back-off of 1 s while the queue is full, reading is five times slower.
                "fetch.queue.backoff.ms": 5,
                "queued.max.messages.kbytes": 65_536,
            }
        )

    def bounds(
        self, topic: str, partitions: Sequence[int], timeout_s: float = _ASK_TIMEOUT_S
    ) -> dict[int, tuple[int, int]]:
        """First offset held and next offset to be written, by partition."""
        found = {}
        try:
            for partition in partitions:
                topic_partition = TopicPartition(topic, partition)
                found[partition] = self._consumer.get_watermark_offsets(topic_partition, timeout=timeout_s)
        except KafkaException as error:
            raise KafkaLogUnavailable(f"Kafka at {self._bootstrap} does not answer: {error.args[0].str()}.") from None
        return found

    def read(self, topic: str, partition: int, first: int, end: int) -> Iterator[Record]:
        """Records with first ≤ offset < end, in order of offset."""
        if first >= end:
            return
        self._consumer.assign([TopicPartition(topic, partition, first)])
        try:
            reached = first
            while reached < end:
                # Asks for no more records than exist; otherwise the call would wait until its timeout.
                messages = self._consumer.consume(min(_BATCH, end - reached), timeout=_PATIENCE_S)
                if not messages:
                    raise KafkaLogUnavailable(
                        f"Kafka returned no record of {topic}/{partition} from offset {reached} on within "
                        f"{_PATIENCE_S:.0f} s, although the partition ends at {end}."
                    )
                for message in messages:
                    if message.error() is not None:
                        raise KafkaLogUnavailable(f"Kafka cannot read {topic}/{partition}: {message.error().str()}.")
                    offset = message.offset()
                    if offset >= end:
                        return
                    yield Record(offset, message.value() or b"")
                    reached = offset + 1
        finally:
            self._consumer.unassign()

    def time_ms(self, topic: str, partition: int, offset: int) -> int:
        """The time at which the record at `offset` was written, ms since 1970. The log must still hold the record."""
        self._consumer.assign([TopicPartition(topic, partition, offset)])
        try:
            message = self._consumer.poll(_PATIENCE_S)
            if message is None or message.error() is not None:
                reason = "no answer in time" if message is None else message.error().str()
                raise KafkaLogUnavailable(f"Kafka cannot read {topic}/{partition} at {offset}: {reason}.")
            return int(message.timestamp()[1])
        finally:
            self._consumer.unassign()

    def close(self) -> None:
        """Closes the connection."""
        self._consumer.close()

"""A producer for events that do not pass through a collector: generated history and repaired rejects.

Its callers stamp events with `events.stamp.accept` themselves. The events are stored as those of a collector are.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from footfall.errors import FootfallError
from footfall.sites.producer import producer_settings

# A broker restart takes some ten seconds.
_DELIVERY_TIMEOUT_S: Final = 60.0
_ASK_S: Final = 5.0
_QUEUED: Final = 40_000
_POLL_EVERY: Final = 1_000


class NotStored(FootfallError):
    """Kafka did not store everything; some records may be stored. The message is one sentence."""


class RecordPosition(NamedTuple):
    """The position of a stored record. offset: None if Kafka had it from an earlier attempt whose answer was lost."""

    partition: int
    offset: int | None


class TrustedProducer:
    """Sends many records and makes sure that all are stored. For use by one thread."""

    def __init__(self, bootstrap: str) -> None:
        """bootstrap: Kafka's `host:port`; it need not answer yet."""
        self._producer = Producer(
            {
                **producer_settings(bootstrap),
                # No caller waits for a single record: large batches cost the broker and its disk least.
                "linger.ms": 50,
                "batch.size": 512 * 1024,
                "delivery.timeout.ms": int(_DELIVERY_TIMEOUT_S * 1000),
                "queue.buffering.max.messages": 2 * _QUEUED,
                "queue.buffering.max.kbytes": 128 * 1024,
            }
        )
        self._failed: KafkaError | None = None
        self._last: Message | None = None

    def partitions(self, topic: str) -> int:
        """The number of partitions of a topic, 0 if it does not exist. Raises NotStored if Kafka does not answer."""
        try:
            found = self._producer.list_topics(topic, timeout=_ASK_S).topics.get(topic)
        except KafkaException as error:
            raise NotStored(f"Kafka does not answer: {error.args[0].str()}.") from None
        return 0 if found is None or found.error is not None else len(found.partitions)

    def expect_partitions(self, topic: str, wanted: int) -> None:
        """Raises NotStored if a topic has another number of partitions, or if Kafka does not answer.

        The events of a session would then come into another partition than before, and repeats would be counted twice.
        """
        if (present := self.partitions(topic)) != wanted:
            raise NotStored(
                f"The topic {topic} has {present} partitions, not {wanted}. `./footfall doctor` says what helps."
            )

    def send(self, topic: str, records: Iterable[tuple[str, bytes]]) -> int:
        """Sends records (key, value) in order, and returns their number once every one is stored.

        Raises NotStored; this producer must not be used after that. Sending all records again is safe, since each event
        has an identity.
        """
        sent = 0
        for key, value in records:
            while True:
                try:
                    self._producer.produce(topic, value, key, on_delivery=self._on_report)
                    break
                except BufferError:
                    self._producer.poll(0.1)
                except KafkaException as error:
                    raise self._not_stored(error.args[0]) from None
                if self._failed is not None:
                    break
            sent += 1
            if sent % _POLL_EVERY == 0:
                self._producer.poll(0)
            if self._failed is not None:
                break
        left = self._producer.flush(_DELIVERY_TIMEOUT_S + _ASK_S)
        if self._failed is not None or left:
            raise self._not_stored(self._failed)
        return sent

    def send_one(self, topic: str, key: str, value: bytes) -> RecordPosition:
        """Sends one record and returns its position once it is stored. Raises NotStored, as `send` does."""
        self.send(topic, [(key, value)])
        assert self._last is not None
        partition, offset = self._last.partition(), self._last.offset()
        assert partition is not None
        return RecordPosition(partition, offset if offset is not None and offset >= 0 else None)

    def _on_report(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failed = error
        else:
            self._last = message

    def _not_stored(self, error: KafkaError | None) -> NotStored:
        why = f"no report within {_DELIVERY_TIMEOUT_S:.0f} s" if error is None else error.str()
        return NotStored(
            f"Kafka did not store everything: {why}. Once it is healthy, repeat the command; no event is counted twice."
        )

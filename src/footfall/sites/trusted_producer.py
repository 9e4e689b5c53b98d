"""A producer for those whose events need no collector any more: made history, and rejects that were mended.

They stamp events with `events.stamp.accept` themselves. What they send is stored as what collectors send is.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from footfall.errors import FootfallError
from footfall.sites.producer import producer_settings

# A broker that restarts takes some ten seconds.
_DELIVERY_TIMEOUT_S: Final = 60.0
_ASK_S: Final = 5.0
_QUEUED: Final = 40_000
_POLL_EVERY: Final = 1_000


class NotStored(FootfallError):
    """Kafka did not take everything; some may be stored all the same. The message is one sentence."""


class RecordPosition(NamedTuple):
    """Where a record is stored. offset: None where Kafka had it already from an attempt whose answer was lost."""

    partition: int
    offset: int | None


class TrustedProducer:
    """Sends many records and knows that all are stored. Used by one thread."""

    def __init__(self, bootstrap: str) -> None:
        """bootstrap: Kafka's `host:port`; it need not answer yet."""
        self._producer = Producer(
            {
                **producer_settings(bootstrap),
                # Nobody waits for a single record: large batches cost the broker, and everybody's disk, least.
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
        """How many partitions a topic has, 0 if there is none of that name. Raises NotStored if Kafka is away."""
        try:
            found = self._producer.list_topics(topic, timeout=_ASK_S).topics.get(topic)
        except KafkaException as error:
            raise NotStored(f"Kafka does not answer: {error.args[0].str()}.") from None
        return 0 if found is None or found.error is not None else len(found.partitions)

    def send(self, topic: str, records: Iterable[tuple[str, bytes]]) -> int:
        """Sends records (key, value) in order, and returns their number when every one is stored.

        Raises NotStored, after which this producer is of no use any more: identities make it harmless to send all
        of them again.
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
        """Sends one record, and returns where it is once it is stored. Raises NotStored, as `send` does."""
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
        return NotStored(f"Kafka did not store everything: {why}. Once it is well, do the same again: nothing doubles.")

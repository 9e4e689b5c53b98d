"""Asks Kafka about its topics and logs; reads no record."""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection
from confluent_kafka import TopicPartition as ClientPartition
from confluent_kafka.admin import AdminClient

from footfall.kafka.topics import Bounds, KafkaUnavailable, Topic, TopicPartition
from footfall.names import TOPIC_EVENTS, TOPIC_REJECTED
from footfall.settings import Settings

TOPICS: Final = (TOPIC_EVENTS, TOPIC_REJECTED)
# The client insists on a group; it has no meaning where nothing about a group is asked.
_NO_GROUP: Final = "footfall-asks"
_TIMEOUT_S: Final = 15.0
_COORDINATOR_PATIENCE_S: Final = 30.0
_NO_COORDINATOR_YET: Final = (
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
)


def describe(settings: Settings) -> dict[str, Topic]:
    """The topics of events as they are now. Raises KafkaUnavailable."""
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap, "log_level": 2})
    try:
        answers = admin.describe_topics(TopicCollection(list(TOPICS)), request_timeout=_TIMEOUT_S)
        found = {}
        for name, answer in answers.items():
            described = answer.result(_TIMEOUT_S)
            found[name] = Topic(name, str(described.topic_id), len(described.partitions))
    except (KafkaException, TimeoutError) as error:
        raise _unavailable(settings, error) from None
    return found


class Logs:
    """Answers about Kafka's logs, by a client that reads no record and joins no group.

    All methods raise KafkaUnavailable.
    """

    def __init__(self, settings: Settings, group: str = _NO_GROUP) -> None:
        """group: the one whose offsets `committed` and `rewind` read and write."""
        self._settings = settings
        self._client: Any = Consumer(
            {
                "bootstrap.servers": settings.kafka_bootstrap,
                "group.id": group,
                "enable.auto.commit": False,
                "log_level": 2,
            }
        )

    def __enter__(self) -> "Logs":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def bounds(self, topics: Mapping[str, Topic]) -> dict[TopicPartition, Bounds]:
        """The first and the next offset of every partition."""
        try:
            return {(at.topic, at.partition): self._bounds(at) for at in _partitions(topics)}
        except KafkaException as error:
            raise _unavailable(self._settings, error) from None

    def ends_at(self, topic: str, partitions: int, at_ms: int) -> dict[TopicPartition, int]:
        """Where the log of each partition ended at a time (ms since 1970): the offset of the first record since."""
        asked = [ClientPartition(topic, partition, at_ms) for partition in range(partitions)]
        try:
            # A negative offset means that no record is as new as that: the log ended where it ends now.
            return {
                (topic, at.partition): at.offset if at.offset >= 0 else self._bounds(at).end
                for at in self._client.offsets_for_times(asked, timeout=_TIMEOUT_S)
            }
        except KafkaException as error:
            raise _unavailable(self._settings, error) from None

    def committed(self, topics: Mapping[str, Topic]) -> dict[TopicPartition, int | None]:
        """The offset that the group committed for every partition; None where there is none."""
        # A broker that has just started finds its groups' coordinator a little later than its topics.
        until = time.monotonic() + _COORDINATOR_PATIENCE_S
        while True:
            try:
                found = self._client.committed(_partitions(topics), timeout=_TIMEOUT_S)
            except KafkaException as error:
                if error.args[0].code() not in _NO_COORDINATOR_YET or time.monotonic() > until:
                    raise _unavailable(self._settings, error) from None
            else:
                return {(at.topic, at.partition): at.offset if at.offset >= 0 else None for at in found}
            time.sleep(0.25)

    def rewind(self, positions: Mapping[TopicPartition, int]) -> None:
        """Commits these positions for the group, which must have no live member."""
        offsets = [ClientPartition(topic, partition, offset) for (topic, partition), offset in positions.items()]
        try:
            for at in self._client.commit(offsets=offsets, asynchronous=False):
                if at.error is not None:
                    raise KafkaException(at.error)
        except KafkaException as error:
            raise _unavailable(self._settings, error) from None

    def _bounds(self, at: ClientPartition) -> Bounds:
        asked = ClientPartition(at.topic, at.partition)
        return Bounds(*self._client.get_watermark_offsets(asked, timeout=_TIMEOUT_S))


def _partitions(topics: Mapping[str, Topic]) -> list[ClientPartition]:
    return [
        ClientPartition(topic.name, partition) for topic in topics.values() for partition in range(topic.partitions)
    ]


def _unavailable(settings: Settings, error: Exception) -> KafkaUnavailable:
    reason = error.args[0].str() if isinstance(error, KafkaException) else "no answer in time"
    return KafkaUnavailable(f"Kafka at {settings.kafka_bootstrap} could not be asked about its topics: {reason}.")

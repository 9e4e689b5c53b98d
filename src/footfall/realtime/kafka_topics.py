"""What the live path asks of Kafka besides records: which topics there are now, where their logs begin and end."""

import time
from typing import Any, Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from footfall import names
from footfall.realtime.partition import Topic
from footfall.settings import Settings

_TIMEOUT_S: Final = 15.0
_COORDINATOR_PATIENCE_S: Final = 30.0
_NO_COORDINATOR_YET: Final = (
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
)
LIVE_TOPICS: Final = (names.TOPIC_EVENTS, names.TOPIC_REJECTED)


class KafkaAway(Exception):
    """Kafka did not answer; the message is one sentence."""


class Bounds(NamedTuple):
    """The first offset that a partition's log holds, the next to be written, and what the group committed."""

    start: int
    end: int
    committed: int | None


def describe(settings: Settings) -> dict[str, Topic]:
    """The topics that the live path reads, as they are now. Raises KafkaAway."""
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap, "log_level": 2})
    try:
        answers = admin.describe_topics(TopicCollection(list(LIVE_TOPICS)), request_timeout=_TIMEOUT_S)
        found = {}
        for name, answer in answers.items():
            described = answer.result(_TIMEOUT_S)
            found[name] = Topic(name, str(described.topic_id), len(described.partitions))
    except (KafkaException, TimeoutError) as error:
        raise KafkaAway(_sentence(settings, error)) from None
    return found


class GroupLog:
    """Bounds of the logs and the live group's committed offsets, by one client that never joins the group."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Any = Consumer(
            {
                "bootstrap.servers": settings.kafka_bootstrap,
                "group.id": names.CONSUMER_GROUP_LIVE,
                "enable.auto.commit": False,
                "log_level": 2,
            }
        )

    def bounds(self, topics: dict[str, Topic]) -> dict[tuple[str, int], Bounds]:
        """Of every partition. Raises KafkaAway."""
        asked = [TopicPartition(topic.name, p) for topic in topics.values() for p in range(topic.partitions)]
        try:
            committed = self._committed(asked)
            found = {}
            for place in committed:
                start, end = self._client.get_watermark_offsets(place, timeout=_TIMEOUT_S)
                known = place.offset if place.offset >= 0 else None
                found[place.topic, place.partition] = Bounds(start, end, known)
        except KafkaException as error:
            raise KafkaAway(_sentence(self._settings, error)) from None
        return found

    def _committed(self, asked: list[TopicPartition]) -> list[TopicPartition]:
        # A broker that has just started finds its groups' coordinator a little later than its topics.
        until = time.monotonic() + _COORDINATOR_PATIENCE_S
        while True:
            try:
                found: list[TopicPartition] = self._client.committed(asked, timeout=_TIMEOUT_S)
            except KafkaException as error:
                if error.args[0].code() not in _NO_COORDINATOR_YET or time.monotonic() > until:
                    raise
            else:
                return found
            time.sleep(0.25)

    def rewind(self, positions: dict[tuple[str, int], int]) -> None:
        """Commits these positions for the group, which must have no live member. Raises KafkaAway."""
        places = [TopicPartition(topic, partition, offset) for (topic, partition), offset in positions.items()]
        try:
            for place in self._client.commit(offsets=places, asynchronous=False):
                if place.error is not None:
                    raise KafkaException(place.error)
        except KafkaException as error:
            raise KafkaAway(_sentence(self._settings, error)) from None

    def close(self) -> None:
        """Ends the client."""
        self._client.close()


def _sentence(settings: Settings, error: Exception) -> str:
    told = error.args[0].str() if isinstance(error, KafkaException) else "no answer in time"
    return f"Kafka at {settings.kafka_bootstrap} could not be asked about its topics: {told}."

"""What the archive asks of Kafka besides records: its topics, where their logs begin and end, and what a minute's end
was."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final

from confluent_kafka import Consumer, KafkaException, TopicPartition

from footfall.names import TOPIC_EVENTS
from footfall.realtime.kafka_topics import KafkaAway, describe
from footfall.settings import Settings
from footfall.streaming.progress import Place, Topic
from footfall.streaming.start import Bound

_TIMEOUT_S: Final = 15.0
_MINUTE_MS: Final = 60_000


class Logs:
    """Kafka's logs, asked by a client that reads nothing and belongs to no group. All methods raise KafkaAway."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Any = Consumer(
            {
                "bootstrap.servers": settings.kafka_bootstrap,
                # Wanted by the client, and never joined.
                "group.id": "footfall-archive",
                "enable.auto.commit": False,
                "log_level": 2,
            }
        )

    def __enter__(self) -> "Logs":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def topics(self) -> dict[str, Topic]:
        """The topics that are archived, as they are now."""
        return {name: Topic(found.id, found.partitions) for name, found in describe(self._settings).items()}

    def bounds(self, topics: Mapping[str, Topic]) -> dict[Place, Bound]:
        """Of every partition."""
        found = {}
        for name, topic in topics.items():
            for partition in range(topic.partitions):
                found[name, partition] = self._bound(TopicPartition(name, partition))
        return found

    def closed_until(self, ends: Mapping[Place, int], partitions: int, after: int, minute: int) -> int:
        """The last minute m, after ≤ m ≤ minute, before which all is archived that Kafka held when it began.

        ends: what is archived, by partition. Minutes since 1970; `after` is known to be such a one.
        """
        if after >= minute or self._holds(ends, partitions, minute):
            return max(after, minute)
        low, high = after, minute
        while high - low > 1:
            middle = (low + high) // 2
            if self._holds(ends, partitions, middle):
                low = middle
            else:
                high = middle
        return low

    def close(self) -> None:
        """Ends the client."""
        self._client.close()

    def _holds(self, ends: Mapping[Place, int], partitions: int, minute: int) -> bool:
        asked = [TopicPartition(TOPIC_EVENTS, p, minute * _MINUTE_MS) for p in range(partitions)]
        try:
            places = self._client.offsets_for_times(asked, timeout=_TIMEOUT_S)
        except KafkaException as error:
            raise _away(self._settings, error) from None
        for place in places:
            # Nothing is as young as that: then all that there is was there.
            held = place.offset if place.offset >= 0 else self._bound(place).end
            if ends.get((TOPIC_EVENTS, place.partition), 0) < held:
                return False
        return True

    def _bound(self, place: TopicPartition) -> Bound:
        try:
            start, end = self._client.get_watermark_offsets(
                TopicPartition(place.topic, place.partition), timeout=_TIMEOUT_S
            )
        except KafkaException as error:
            raise _away(self._settings, error) from None
        return Bound(start, end)


def _away(settings: Settings, error: KafkaException) -> KafkaAway:
    return KafkaAway(f"Kafka at {settings.kafka_bootstrap} did not answer: {error.args[0].str()}.")

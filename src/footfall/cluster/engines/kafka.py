"""Kafka: broker and controller in one process (KRaft), and its topics."""

import base64
import threading
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from footfall import names
from footfall.cluster.engines import _jvm
from footfall.cluster.service import Service
from footfall.runtime.errors import ClusterError, RetryUseless, Unhealthy
from footfall.settings import Settings

if TYPE_CHECKING:
    from confluent_kafka import Producer

_HEALTH_TOPIC: Final = "footfall.health"
_TIMEOUT_S: Final = 30
# Kept open between probes; one per process.
_producer: "Producer | None" = None
_lock = threading.Lock()


def _command(settings: Settings) -> list[str]:
    return _tool(settings, "kafka.Kafka", [str(settings.conf_dir / "kafka" / "server.properties")])


def _tool(settings: Settings, main: str, arguments: Sequence[str]) -> list[str]:
    """The command of a program of Kafka."""
    conf = settings.conf_dir / "kafka"
    options = [f"-Dlog4j2.configurationFile={conf / 'log4j2.yaml'}"]
    # Kafka caches logs in the system's page cache, so its heap is small. The cleaner's buffer is limited to 8 MiB.
    return _jvm.java(settings, "kafka", "kafka", settings.heaps_mb.kafka, main, arguments, options=options)


def _format(settings: Settings) -> None:
    """Formats Kafka's storage if needed. The cluster id is stored first, so that a repeated format reuses it."""
    data = settings.data_dir / "kafka"
    if (data / "meta.properties").exists():
        return
    identity = settings.data_dir / "kafka.cluster-id"
    if not identity.exists():
        # Kafka needs 22 characters of URL-safe base64.
        identity.write_text(base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode())
    properties = str(settings.conf_dir / "kafka" / "server.properties")
    # One argument, because an id may begin with a minus and would then look like an option.
    cluster_id = f"--cluster-id={identity.read_text().strip()}"
    arguments = ["format", "--standalone", cluster_id, "-c", properties, "--ignore-formatted"]
    _jvm.format_storage(settings, _tool(settings, "kafka.tools.StorageTool", arguments), "Kafka's storage")


def _probe(settings: Settings) -> None:
    """Produces a record and waits for its delivery report."""
    from confluent_kafka import KafkaException, Producer

    global _producer
    try:
        with _lock:
            if _producer is None:
                _ensure_topic(settings, _HEALTH_TOPIC, 1, {"retention.ms": "3600000"})
                _producer = Producer(
                    {"bootstrap.servers": settings.kafka_bootstrap, "message.timeout.ms": 5000, "log_level": 0}
                )
        producer = _producer
        faults: list[str] = []
        producer.produce(
            _HEALTH_TOPIC, b"health", on_delivery=lambda error, _: faults.append(str(error)) if error else None
        )
        if producer.flush(8) > 0 or faults:
            raise Unhealthy(f"it did not accept a record: {faults[0] if faults else 'no answer in 8 s'}")
    except KafkaException as error:
        raise Unhealthy(f"it did not answer: {error.args[0].str()}") from None


def _ensure_topics(settings: Settings) -> None:
    """Creates missing topics, and sets the retention of all topics as configured."""
    day_ms = 86_400_000
    keep = settings.retention
    per_partition = int(keep.kafka_gib * 2**30 / names.EVENTS_PARTITIONS)
    kept = {"retention.ms": str(keep.kafka_days * day_ms), "compression.type": "zstd"}
    events = {**kept, "retention.bytes": str(per_partition)}
    _ensure_topic(settings, names.TOPIC_EVENTS, names.EVENTS_PARTITIONS, events)
    _ensure_topic(settings, names.TOPIC_REJECTED, names.REJECTED_PARTITIONS, {**kept, "retention.bytes": str(2**29)})
    _ensure_topic(settings, names.TOPIC_ALERTS, 1, kept)


def _ensure_topic(settings: Settings, topic: str, partitions: int, configuration: dict[str, str]) -> None:
    """Creates a topic, or configures it if it exists.

    Raises ClusterError if it exists with another number of partitions, because counts are kept per partition.
    """
    from confluent_kafka import KafkaError, KafkaException
    from confluent_kafka.admin import (
        AdminClient,
        AlterConfigOpType,
        ConfigEntry,
        ConfigResource,
        NewTopic,
        ResourceType,
    )

    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap, "log_level": 0})
    try:
        creation = admin.create_topics(
            [NewTopic(topic, partitions, 1, config=configuration)], request_timeout=_TIMEOUT_S
        )
        creation[topic].result(_TIMEOUT_S)
        return
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise ClusterError(f"Kafka did not create the topic {topic}: {error.args[0].str()}.") from None
    try:
        described = admin.list_topics(topic, timeout=_TIMEOUT_S).topics[topic]
        if len(described.partitions) != partitions:
            raise RetryUseless(
                f"Kafka's topic {topic} has {len(described.partitions)} partitions instead of {partitions}, but "
                "counts are kept per partition. Delete all data with `./footfall down --purge`."
            )
        entries = [
            ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
            for name, value in configuration.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
        admin.incremental_alter_configs([resource])[resource].result(_TIMEOUT_S)
    except KafkaException as error:
        raise ClusterError(f"Kafka's topic {topic} could not be configured: {error.args[0].str()}.") from None


SERVICES = (
    Service(
        name="kafka",
        engine="kafka",
        profiles=("realtime",),
        ports=("kafka", "kafka_controller"),
        command=_command,
        templates=("kafka/server.properties", "kafka/log4j2.yaml"),
        prepare=_format,
        probe=_probe,
        stop_s=60,
    ),
    Service(name="kafka-topics", engine="kafka", profiles=("realtime",), needs=("kafka",), step=_ensure_topics),
)

"""Kafka: brokers, each with a controller in the same process (KRaft), and the topics."""

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
_ASK_S: Final = 5
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
    properties = str(settings.conf_dir / "kafka" / "server.properties")
    # One argument each, because an id may begin with a minus and would then look like an option.
    if len(settings.hosts.kafka) > 1:
        identity = (f"--cluster-id={_common_cluster_id(settings)}", f"--initial-controllers={_controllers(settings)}")
    else:
        identity = (f"--cluster-id={_own_cluster_id(settings)}", "--standalone")
    arguments = ["format", *identity, "-c", properties, "--ignore-formatted"]
    _jvm.format_storage(settings, _tool(settings, "kafka.tools.StorageTool", arguments), "Kafka's storage")


def _own_cluster_id(settings: Settings) -> str:
    """The id that a single broker makes for itself at its first start."""
    identity = settings.data_dir / "kafka.cluster-id"
    if not identity.exists():
        identity.write_text(_encode(uuid.uuid4()))
    return identity.read_text().strip()


def _common_cluster_id(settings: Settings) -> str:
    if not settings.kafka_cluster_id:
        raise ClusterError("Several brokers of Kafka need a common id before their first start: set kafka_cluster_id.")
    return settings.kafka_cluster_id


def _controllers(settings: Settings) -> str:
    """The first controllers, with the ids of their storage, in the form of `kafka-storage.sh`.

    Every broker must know the ids of all before any of them has run, so they follow from the cluster's id.
    """
    common = _common_cluster_id(settings)
    controllers = (
        f"{number}@{address}:{_encode(uuid.uuid5(uuid.NAMESPACE_DNS, f'{common}/{address.host}'))}"
        for number, address in enumerate(settings.addresses("kafka_controller"), 1)
    )
    return ",".join(controllers)


def _encode(identity: uuid.UUID) -> str:
    """An id in Kafka's form: 22 characters of URL-safe base64."""
    return base64.urlsafe_b64encode(identity.bytes).rstrip(b"=").decode()


def _probe(settings: Settings) -> None:
    """Produces a record and waits for its delivery report. The broker on this machine must belong to the cluster."""
    from confluent_kafka import KafkaException, Producer

    global _producer
    try:
        with _lock:
            producer, _producer = _producer, None
        if producer is None:
            _ensure_topic(settings, _HEALTH_TOPIC, 1, {"retention.ms": "3600000"})
            own = str(settings.address("kafka"))
            producer = Producer({"bootstrap.servers": own, "message.timeout.ms": 5000, "log_level": 0})
        if settings.node_number("kafka") not in producer.list_topics(_HEALTH_TOPIC, timeout=8).brokers:
            raise Unhealthy("it does not belong to the cluster")
        faults: list[str] = []
        producer.produce(
            _HEALTH_TOPIC, b"health", on_delivery=lambda error, _: faults.append(str(error)) if error else None
        )
        if producer.flush(8) > 0 or faults:
            raise Unhealthy(f"it did not accept a record: {faults[0] if faults else 'no answer in 8 s'}")
        _producer = producer
    except KafkaException as error:
        raise Unhealthy(f"it did not answer: {error.args[0].str()}") from None


def _ensure_topics(settings: Settings) -> None:
    """Creates missing topics, and sets the retention of all topics as configured."""
    day_ms = 86_400_000
    keep = settings.retention
    per_partition = int(keep.kafka_gib * 2**30 / settings.events_partitions)
    kept = {"retention.ms": str(keep.kafka_days * day_ms), "compression.type": "zstd"}
    events = {**kept, "retention.bytes": str(per_partition)}
    _ensure_topic(settings, names.TOPIC_EVENTS, settings.events_partitions, events)
    _ensure_topic(settings, names.TOPIC_REJECTED, names.REJECTED_PARTITIONS, {**kept, "retention.bytes": str(2**29)})
    _ensure_topic(settings, names.TOPIC_ALERTS, 1, kept)


def _ensure_topic(settings: Settings, topic: str, partitions: int, configuration: dict[str, str]) -> None:
    """Creates a topic, or configures it if it exists. Raises ClusterError if it has another number of partitions."""
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
            [NewTopic(topic, partitions, settings.replicas("kafka"), config=configuration)], request_timeout=_TIMEOUT_S
        )
        creation[topic].result(_TIMEOUT_S)
        return
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise ClusterError(f"Kafka did not create the topic {topic}: {error.args[0].str()}.") from None
    try:
        present = len(admin.list_topics(topic, timeout=_TIMEOUT_S).topics[topic].partitions)
        if present != partitions:
            raise RetryUseless(
                other_partitions(partitions, present)
                if topic == names.TOPIC_EVENTS
                else f"Kafka's topic {topic} has {present} partitions instead of {partitions}. Delete all data with "
                "`./footfall down --purge`."
            )
        entries = [
            ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
            for name, value in configuration.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
        admin.incremental_alter_configs([resource])[resource].result(_TIMEOUT_S)
    except KafkaException as error:
        raise ClusterError(f"Kafka's topic {topic} could not be configured: {error.args[0].str()}.") from None


def other_partitions(wanted: int, present: int) -> str:
    """A sentence about a start with another number of partitions of `events` than the first start chose; '' for none.

    present: the number of the first start; 0 if there was none.
    """
    if present in (0, wanted):
        return ""
    return (
        f"Kafka's topic {names.TOPIC_EVENTS} has {present} partitions since the first `up`, and events_partitions is "
        f"{wanted}. Another number would send the events of a session to another partition, away from their counts in "
        f"HBase, and repeats would be counted twice. Set events_partitions = {present}, or delete all data with "
        "`down --purge`."
    )


def _misfit(settings: Settings) -> str:
    """'' unless the topic `events` exists with another number of partitions. A Kafka without an answer has none."""
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap, "log_level": 0})
    try:
        topics = admin.list_topics(timeout=_ASK_S).topics
    except KafkaException:
        return ""
    present = len(topics[names.TOPIC_EVENTS].partitions) if names.TOPIC_EVENTS in topics else 0
    return other_partitions(settings.events_partitions, present)


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
        misfit=_misfit,
        stop_s=60,
    ),
    Service(name="kafka-topics", engine="kafka", profiles=("realtime",), needs=("kafka",), step=_ensure_topics),
)

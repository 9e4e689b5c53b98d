"""What `up` makes once inside the engines: Kafka's topics, HBase's tables, the built topology and its deployment."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from footfall import names
from footfall.runtime.errors import ClusterError, RetryUseless
from footfall.runtime.jars import ENGINES_DIR
from footfall.runtime.java import java_home
from footfall.settings import Settings

_TIMEOUT_S = 30
_BUILD_TIMEOUT_S = 900


def ensure_topics(settings: Settings) -> None:
    """Creates the topics that are missing and brings their retention to the settings."""
    day_ms = 86_400_000
    keep = settings.retention
    per_partition = int(keep.kafka_gib * 2**30 / names.EVENTS_PARTITIONS)
    kept = {"retention.ms": str(keep.kafka_days * day_ms), "compression.type": "zstd"}
    ensure_topic(settings, names.TOPIC_EVENTS, names.EVENTS_PARTITIONS, {**kept, "retention.bytes": str(per_partition)})
    ensure_topic(settings, names.TOPIC_REJECTED, names.REJECTED_PARTITIONS, {**kept, "retention.bytes": str(2**29)})
    ensure_topic(settings, names.TOPIC_ALERTS, 1, kept)


def ensure_topic(settings: Settings, topic: str, partitions: int, configuration: dict[str, str]) -> None:
    """Creates a topic, or sets the configuration of the one that is there.

    Raises ClusterError if it is there with another number of partitions: counts per partition would be wrong.
    """
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap, "log_level": 0})
    try:
        creation = admin.create_topics(
            [NewTopic(topic, partitions, 1, config=configuration)], request_timeout=_TIMEOUT_S
        )
        creation[topic].result(_TIMEOUT_S)
        return
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise ClusterError(f"Kafka made no topic {topic}: {error.args[0].str()}.") from None
    try:
        described = admin.list_topics(topic, timeout=_TIMEOUT_S).topics[topic]
        if len(described.partitions) != partitions:
            raise RetryUseless(
                f"Kafka's topic {topic} has {len(described.partitions)} partitions instead of {partitions}; each count "
                "is kept per partition. Delete everything with `./footfall down --purge`."
            )
        entries = [
            ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
            for name, value in configuration.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
        admin.incremental_alter_configs([resource])[resource].result(_TIMEOUT_S)
    except KafkaException as error:
        raise ClusterError(f"Kafka's topic {topic} could not be configured: {error.args[0].str()}.") from None


def ensure_tables(settings: Settings) -> None:
    """Creates the live tables that are missing."""
    import happybase
    from thriftpy2.thrift import TException

    from footfall.realtime.tables import create_missing

    try:
        connection = happybase.Connection("127.0.0.1", settings.port("hbase_thrift"), timeout=60_000)
        try:
            create_missing(connection)
        finally:
            connection.close()
    except (TException, OSError) as error:
        raise ClusterError(f"HBase's tables could not be made: {type(error).__name__} {str(error)[:200]}.") from None


def deploy_topology(settings: Settings) -> None:
    """Submits the live topology, or replaces it if it changed."""
    from footfall.realtime.deploy import deploy
    from footfall.realtime.errors import DeployError
    from footfall.realtime.lag import ProgressRefused

    try:
        deploy(settings)
    except ProgressRefused as error:
        raise RetryUseless(str(error)) from None
    except DeployError as error:
        raise ClusterError(str(error)) from None


STEPS: dict[str, Callable[[Settings], None]] = {
    "kafka-topics": ensure_topics,
    "hbase-tables": ensure_tables,
    "topology": deploy_topology,
}


def topology_built(settings: Settings) -> bool:
    """Whether the topology's jar is there and made of the present sources."""
    folder = settings.install / "topology"
    jar, stamp = folder / "footfall-topology.jar", folder / "sources.sha256"
    return jar.exists() and stamp.exists() and stamp.read_text() == _sources_hash()


def build_topology(settings: Settings, maven: str) -> None:
    """Builds the topology's jar from its sources. Raises ClusterError with Maven's first complaint."""
    folder = settings.install / "topology"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".build-") as scratch:
        copy = Path(scratch) / "topology"
        shutil.copytree(ENGINES_DIR / "storm" / "topology", copy, ignore=shutil.ignore_patterns("target"))
        command = [maven, "-q", "-B", "-f", str(copy / "pom.xml"), "-DskipTests", "-Dmaven.test.skip=true", "package"]
        environment = os.environ | {"JAVA_HOME": str(java_home(settings))}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_BUILD_TIMEOUT_S, check=False
        )
        if done.returncode != 0:
            reason = next((line for line in done.stdout.splitlines() if "[ERROR]" in line), done.stderr[-300:])
            raise ClusterError(f"The topology could not be built: {reason.removeprefix('[ERROR] ')}")
        (copy / "target" / "footfall-topology.jar").replace(folder / "footfall-topology.jar")
    (folder / "sources.sha256").write_text(_sources_hash())


def _sources_hash() -> str:
    root = ENGINES_DIR / "storm" / "topology"
    digest = hashlib.sha256()
    for path in [root / "pom.xml", *sorted((root / "src" / "main").rglob("*"))]:
        if path.is_file():
            digest.update(f"{path.relative_to(root)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()

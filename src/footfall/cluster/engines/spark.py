"""Spark: the streaming driver of the archive. Its executor runs in a YARN container."""

import threading
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from footfall import retention
from footfall.cluster.engines import yarn
from footfall.cluster.engines._hadoop import YARN_TEMPLATES
from footfall.cluster.service import PythonModule, Service, Sweep, UnusualLag
from footfall.runtime.errors import Unhealthy
from footfall.settings import Settings

if TYPE_CHECKING:
    from footfall.streaming.lag import Health

# Remembers between probes how far the archive was; one per process.
_health: "Health | None" = None
_lock = threading.Lock()


def _probe(settings: Settings) -> None:
    """Checks in the driver's report, Kafka and HDFS that waiting events are archived promptly."""
    from footfall.streaming.lag import Health

    global _health
    with _lock:
        _health = _health or Health()
    if fault := _health.fault(settings, time.time()):
        raise Unhealthy(fault)


def _sweep_hdfs_events(settings: Settings) -> object:
    from footfall.lake.retention import sweep_hdfs_events

    return sweep_hdfs_events(settings, datetime.now(timezone.utc).date())


SERVICES = (
    Service(
        name="spark-streaming",
        engine="spark",
        needs=("zookeeper", "kafka-topics", "datanode", "yarn-resourcemanager", "yarn-nodemanager"),
        command=PythonModule("footfall.streaming.driver"),
        # Spark reads Hadoop's configuration from the folder of this service. The heaps are in spark-defaults.conf. The
        # driver's is the minimum that Spark accepts. The executor passes up to 200,000 events at once to its Python
        # workers.
        templates=(*YARN_TEMPLATES, "spark/spark-defaults.conf", "spark/log4j2.properties"),
        values=yarn.values,
        probe=_probe,
        lags=(
            UnusualLag("archive", most_s=60.0, subject="The newest archived events are"),
            UnusualLag("windows", most_s=240.0, subject="The newest windows are"),
        ),
        sweeps=(Sweep("events in HDFS", retention.EVERY_S, _sweep_hdfs_events),),
        # The driver releases its containers.
        stop_s=45,
    ),
)

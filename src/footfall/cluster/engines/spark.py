"""Spark: the driver of the archive's stream, whose executor works in YARN's containers."""

import threading
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from footfall.cluster.engines import yarn
from footfall.cluster.engines._hadoop import YARN_TEMPLATES
from footfall.cluster.service import PythonModule, Service, Sweep, UnusualLag
from footfall.runtime.errors import Unhealthy
from footfall.settings import Settings

if TYPE_CHECKING:
    from footfall.streaming.lag import Health

# Remembers from probe to probe how far the archive was, one a process.
_health: "Health | None" = None
_lock = threading.Lock()


def _probe(settings: Settings) -> None:
    """Asks the driver's report, Kafka and HDFS: is what waits archived soon?"""
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
        # Its folder is where Spark looks for Hadoop's configuration. The heaps are in spark-defaults.conf: the driver's
        # is the least that Spark accepts; the executor hands at most 200,000 events at once to its Python workers.
        templates=(*YARN_TEMPLATES, "spark/spark-defaults.conf", "spark/log4j2.properties"),
        values=yarn.values,
        probe=_probe,
        lags=(
            UnusualLag("archive", most_s=60.0, subject="The newest archived events are"),
            UnusualLag("windows", most_s=240.0, subject="The newest windows are"),
        ),
        sweeps=(Sweep("events in HDFS", 3600, _sweep_hdfs_events),),
        # It gives its containers back.
        stop_s=45,
    ),
)

"""The Spark session of the streaming driver: one small executor on YARN's `streaming` queue."""

import os
import sys
from pathlib import Path
from typing import Final

import pyspark
from pyspark.sql import SparkSession

from footfall.runtime.jars import lib_dir
from footfall.runtime.java import java_home
from footfall.settings import Settings

# A driver finds the applications that an earlier one left on YARN by this tag.
TAG: Final = "footfall-streaming"
QUEUE: Final = "streaming"
# The application's master only asks for the executor.
_MASTER_MB: Final = 256
_MASTER_OVERHEAD_MB: Final = 256
MASTER_CONTAINER_MB: Final = _MASTER_MB + _MASTER_OVERHEAD_MB
# 384 MB for the JVM's memory outside its heap (Netty's buffers, class space, code), and the rest for two Python
# workers. Each may hold half of a large batch twice: as columns and as files. Master and executor together are the
# minimum of `yarn.streaming_mb`.
_OVERHEAD_MB: Final = 1152
CORES: Final = 2
JVM: Final = "-XX:+UseSerialGC -XX:-UsePerfData -Djava.net.preferIPv4Stack=true -Duser.timezone=UTC -Duser.language=en"


def conf_dir(settings: Settings) -> Path:
    """The folder with Hadoop's and Spark's configuration."""
    return settings.conf_dir / "spark-streaming"


def start(settings: Settings) -> SparkSession:
    """Starts the driver's JVM and its application on YARN. Raises Spark's errors, such as when YARN has no room."""
    return start_on_yarn(settings, "footfall-streaming", conf_dir(settings), options(settings))


def start_on_yarn(settings: Settings, name: str, conf: Path, options: dict[str, str]) -> SparkSession:
    """Starts an application on YARN and its driver's JVM. Raises Spark's errors, such as when YARN ends it at once.

    name: of the application. conf: the folder with Hadoop's configuration, and Spark's if there is any.
    """
    os.environ |= {
        "JAVA_HOME": str(java_home(settings)),
        "HADOOP_CONF_DIR": str(conf),
        "YARN_CONF_DIR": str(conf),
        "SPARK_CONF_DIR": str(conf),
        "SPARK_HOME": str(_home()),
        "SPARK_LOCAL_IP": settings.client_host,
        "PYSPARK_PYTHON": sys.executable,
    }
    builder = SparkSession.builder.appName(name).master("yarn")
    for option, value in options.items():
        builder = builder.config(option, value)
    return builder.getOrCreate()


def options(settings: Settings) -> dict[str, str]:
    """Spark's settings in addition to `spark-defaults.conf`, which sets the heaps.

    Each setting is here because its default does not suit this load or this machine.
    """
    connector = f"{lib_dir(settings, 'spark')}/*"
    tmp = str(settings.run_dir / "tmp" / "spark-streaming")
    return {
        **common(),
        **on_yarn(settings, QUEUE, TAG),
        "spark.driver.extraClassPath": connector,
        "spark.executor.extraClassPath": connector,
        # The driver only plans, and seldom. The optimizing compiler (C2) took two fifths of its processor time and a
        # third of the first minute of a catch-up.
        "spark.driver.extraJavaOptions": (
            f"{JVM} -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError -Djava.io.tmpdir={tmp}"
        ),
        "spark.executor.cores": str(CORES),
        "spark.executor.memoryOverhead": f"{_OVERHEAD_MB}m",
        # The executor reads Kafka and passes the records to Python. To optimize that code, C2 took 19 s of processor
        # time while a million events waited.
        "spark.executor.extraJavaOptions": f"{JVM} -XX:TieredStopAtLevel=1",
        # A killed executor is always replaced at once.
        "spark.executor.maxNumFailures": "1000",
        "spark.executor.failuresValidityInterval": "10m",
        "spark.task.maxFailures": "8",
    }


def on_yarn(settings: Settings, queue: str, tag: str) -> dict[str, str]:
    """The settings of every application on YARN: one executor, and a client on this machine that is the driver."""
    mark = str(settings.home)
    return {
        "spark.submit.deployMode": "client",
        "spark.yarn.queue": queue,
        "spark.yarn.tags": tag,
        # The driver and the containers find Spark in the same folder, so nothing is uploaded.
        "spark.yarn.jars": f"local:{_home()}/jars/*",
        "spark.executor.instances": "1",
        "spark.yarn.am.memory": f"{_MASTER_MB}m",
        "spark.yarn.am.memoryOverhead": f"{_MASTER_OVERHEAD_MB}m",
        "spark.yarn.am.extraJavaOptions": JVM,
        "spark.executorEnv.FOOTFALL_MARK": mark,
        "spark.yarn.appMasterEnv.FOOTFALL_MARK": mark,
        **({} if settings.is_node else _on_this_machine_only(settings)),
        "spark.yarn.maxAppAttempts": "1",
        "spark.driver.host": settings.client_host,
        "spark.driver.bindAddress": settings.client_host,
    }


def _on_this_machine_only(settings: Settings) -> dict[str, str]:
    """Where containers listen. In a cluster each of them listens on its own node, which it knows by itself."""
    host = settings.bind_host("yarn_nodemanager")
    return {"spark.executorEnv.SPARK_LOCAL_IP": host, "spark.yarn.appMasterEnv.SPARK_LOCAL_IP": host}


def common() -> dict[str, str]:
    """The settings that are the same on YARN and in tests."""
    return {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.debug.maxToStringFields": "100",
        "spark.sql.session.timeZone": "UTC",
        # With two cores and small batches, more partitions would only be more tasks.
        "spark.sql.shuffle.partitions": str(CORES),
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.autoBroadcastJoinThreshold": "-1",
        # The driver lists fifty files faster than a Spark job does.
        "spark.sql.sources.parallelPartitionDiscovery.threshold": "10000",
        # The archive stages and renames its files itself, so Spark's two-step commit would only repeat that.
        "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "2",
        "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
        # A batch of this size fits into the processor's cache; the default of ten thousand records takes twice as long.
        "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
        # If it were enabled, Spark SQL and RDDs would use separate Python workers, each with its modules in memory.
        "spark.sql.execution.pyspark.udf.simplifiedTraceback.enabled": "false",
        "spark.sql.parquet.compression.codec": "zstd",
        # Hive, Pig and DuckDB read this type too, and events have whole milliseconds.
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.streaming.minBatchesToRetain": "10",
        "spark.sql.streaming.numRecentProgressUpdates": "5",
        # All tasks run in one executor, so a shuffle goes through the page cache and not over a network.
        "spark.shuffle.compress": "false",
        "spark.ui.retainedJobs": "20",
        "spark.ui.retainedStages": "20",
        "spark.sql.ui.retainedExecutions": "5",
        "spark.cleaner.periodicGC.interval": "10min",
    }


def _home() -> Path:
    return Path(pyspark.__file__).parent

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

# By which a driver finds what an earlier one left running on YARN.
TAG: Final = "footfall-streaming"
QUEUE: Final = "streaming"
# The application's master only asks for the executor.
_MASTER_MB: Final = 256
_MASTER_OVERHEAD_MB: Final = 256
# Netty's buffers, the class space and the code of a JVM beside its heap, 384; and two Python workers, each of which may
# hold half of a large batch: its records as columns, and as the files that they become. Master and executor together
# are the least that `yarn.streaming_mb` may be.
_OVERHEAD_MB: Final = 1152
_CORES: Final = 2
_JVM: Final = "-XX:+UseSerialGC -XX:-UsePerfData -Djava.net.preferIPv4Stack=true -Duser.timezone=UTC -Duser.language=en"


def conf_dir(settings: Settings) -> Path:
    """The folder of Hadoop's and Spark's configuration."""
    return settings.conf_dir / "spark-streaming"


def start(settings: Settings) -> SparkSession:
    """Starts the driver's JVM and its application on YARN. Raises what Spark raises when YARN gives it nothing."""
    conf = conf_dir(settings)
    os.environ |= {
        "JAVA_HOME": str(java_home(settings)),
        "HADOOP_CONF_DIR": str(conf),
        "YARN_CONF_DIR": str(conf),
        "SPARK_CONF_DIR": str(conf),
        "SPARK_HOME": str(_home()),
        "SPARK_LOCAL_IP": settings.bind_host("spark_streaming"),
        "PYSPARK_PYTHON": sys.executable,
    }
    builder = SparkSession.builder.appName("footfall-streaming").master("yarn")
    for name, value in options(settings).items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def options(settings: Settings) -> dict[str, str]:
    """Spark's settings beside `spark-defaults.conf`, which tells the heaps.

    Each is here because its default does not suit this load or this machine.
    """
    connector = f"{lib_dir(settings, 'spark')}/*"
    mark = str(settings.home)
    tmp = str(settings.run_dir / "tmp" / "spark-streaming")
    return {
        **common(),
        "spark.submit.deployMode": "client",
        "spark.yarn.queue": QUEUE,
        "spark.yarn.tags": TAG,
        # Driver and containers find Spark in the same folder: nothing is uploaded.
        "spark.yarn.jars": f"local:{_home()}/jars/*",
        "spark.driver.extraClassPath": connector,
        "spark.executor.extraClassPath": connector,
        # It plans, a little now and then: the slower compiler took two fifths of its processor time, and a third of a
        # catch-up's first minute, for code that runs seldom.
        "spark.driver.extraJavaOptions": (
            f"{_JVM} -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError -Djava.io.tmpdir={tmp}"
        ),
        "spark.executor.instances": "1",
        "spark.executor.cores": str(_CORES),
        "spark.executor.memoryOverhead": f"{_OVERHEAD_MB}m",
        # It reads Kafka and hands over to Python. For making that faster the slower compiler took 19 s of processor
        # while a million events waited.
        "spark.executor.extraJavaOptions": f"{_JVM} -XX:TieredStopAtLevel=1",
        "spark.yarn.am.memory": f"{_MASTER_MB}m",
        "spark.yarn.am.memoryOverhead": f"{_MASTER_OVERHEAD_MB}m",
        "spark.yarn.am.extraJavaOptions": _JVM,
        "spark.executorEnv.FOOTFALL_MARK": mark,
        "spark.yarn.appMasterEnv.FOOTFALL_MARK": mark,
        "spark.executorEnv.SPARK_LOCAL_IP": settings.bind_host("yarn_nodemanager"),
        "spark.yarn.appMasterEnv.SPARK_LOCAL_IP": settings.bind_host("yarn_nodemanager"),
        "spark.yarn.maxAppAttempts": "1",
        # A killed executor is replaced at once, however often that happened before.
        "spark.executor.maxNumFailures": "1000",
        "spark.executor.failuresValidityInterval": "10m",
        "spark.task.maxFailures": "8",
        "spark.driver.host": settings.advertised_host("spark_streaming"),
        "spark.driver.bindAddress": settings.bind_host("spark_streaming"),
    }


def common() -> dict[str, str]:
    """What decides how the work is done, wherever it runs: tests take the same."""
    return {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.debug.maxToStringFields": "100",
        "spark.sql.session.timeZone": "UTC",
        # Two cores, small batches: more partitions are only more tasks.
        "spark.sql.shuffle.partitions": str(_CORES),
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.autoBroadcastJoinThreshold": "-1",
        # Listing fifty files in the driver is faster than a job that does it.
        "spark.sql.sources.parallelPartitionDiscovery.threshold": "10000",
        # Files lie aside until they are renamed, so Spark's own two steps would only repeat that.
        "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "2",
        "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
        # Python reads so many records at a time while they are still in the processor's cache; ten thousand take twice
        # as long.
        "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
        # Else SQL's Python workers are others than RDDs', each with its modules in memory.
        "spark.sql.execution.pyspark.udf.simplifiedTraceback.enabled": "false",
        "spark.sql.parquet.compression.codec": "zstd",
        # Hive, Pig and DuckDB read it too, and events have whole milliseconds.
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.streaming.minBatchesToRetain": "10",
        "spark.sql.streaming.numRecentProgressUpdates": "5",
        # A batch's records go from a task to another of the same executor: through the page cache, over no network.
        "spark.shuffle.compress": "false",
        "spark.ui.retainedJobs": "20",
        "spark.ui.retainedStages": "20",
        "spark.sql.ui.retainedExecutions": "5",
        "spark.cleaner.periodicGC.interval": "10min",
    }


def _home() -> Path:
    return Path(pyspark.__file__).parent

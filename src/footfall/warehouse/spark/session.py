"""The Spark session of the job: one executor of two cores on YARN's `batch` queue, and a client that only plans."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from pyspark.sql import SparkSession

from footfall.errors import FootfallError
from footfall.settings import Settings
from footfall.streaming import spark_session
from footfall.warehouse.spark.memory import DRIVER_MB, EXECUTOR_MB, OVERHEAD_MB
from footfall.yarn import Yarn, YarnUnavailable

QUEUE: Final = "batch"
# YARN starts a container in a few seconds if it has room. The streaming driver does not use this queue.
_PATIENCE_S: Final = 180.0
_LOOK_EVERY_S: Final = 2.0


class NoRoom(FootfallError):
    """YARN did not start the application or its executor in time; the message is one sentence."""


def start(settings: Settings, tag: str, temporary: Path) -> SparkSession:
    """Starts the application. temporary: a folder for the driver's files, which the caller deletes afterwards.

    Raises NoRoom if YARN has no room for it within three minutes, YarnUnavailable, and Spark's errors.
    """
    with _limited_wait(settings, tag) as gave_up:
        try:
            spark = spark_session.start_on_yarn(
                settings, "footfall-events", settings.conf_dir / "yarn-nodemanager", options(settings, tag, temporary)
            )
        except Exception:
            if gave_up():
                raise NoRoom(_no_room("the application")) from None
            raise
    spark.sparkContext.setLogLevel("ERROR")
    if spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() < 2:  # the first is the driver
        spark.stop()
        raise NoRoom(_no_room("its executor"))
    return spark


def options(settings: Settings, tag: str, temporary: Path) -> dict[str, str]:
    """Spark's settings. Each differs from the default because of this load or this machine."""
    return {
        **spark_session.common(),
        **common(),
        **spark_session.on_yarn(settings, QUEUE, tag),
        "spark.driver.memory": f"{DRIVER_MB}m",
        # The client lives a minute or two, in which the optimizing compiler (C2) would not pay off.
        "spark.driver.extraJavaOptions": (
            f"{spark_session.JVM} -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError -Djava.io.tmpdir={temporary}"
        ),
        "spark.local.dir": str(temporary),
        "spark.executor.memory": f"{EXECUTOR_MB}m",
        "spark.executor.memoryOverhead": f"{OVERHEAD_MB}m",
        "spark.executor.cores": str(spark_session.CORES),
        # Much of a day's time goes into generating and compiling code. C2 doubled the processor time of a day.
        "spark.executor.extraJavaOptions": f"{spark_session.JVM} -XX:TieredStopAtLevel=1",
        # The first stage would otherwise begin without an executor, and wait for it without an end.
        "spark.scheduler.minRegisteredResourcesRatio": "1.0",
        "spark.scheduler.maxRegisteredResourcesWaitingTime": f"{int(_PATIENCE_S)}s",
    }


def common() -> dict[str, str]:
    """The settings that are the same on YARN and in tests, in addition to `spark_session.common`."""
    return {
        # Hive, Pig and DuckDB read it without a native library.
        "spark.sql.parquet.compression.codec": "snappy",
        # Events pass through Python whole: seventy columns of a few thousand rows are some MB.
        "spark.sql.execution.arrow.maxRecordsPerBatch": "4000",
        # Values of visits are grouped by the thousand; by default Spark sorts from the 129th group on.
        "spark.sql.objectHashAggregate.sortBased.fallbackThreshold": "100000",
        "spark.shuffle.compress": "true",
    }


@contextmanager
def _limited_wait(settings: Settings, tag: str) -> Iterator[Callable[[], bool]]:
    """While its body starts an application: ends the application if YARN keeps it waiting.

    Yields a function that says whether it was ended.
    """
    done, ended = threading.Event(), threading.Event()

    def watch() -> None:
        if done.wait(_PATIENCE_S):
            return
        ended.set()
        yarn = Yarn(settings)
        while not done.is_set():
            with suppress(YarnUnavailable):
                yarn.end_all(tag)
            time.sleep(_LOOK_EVERY_S)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield ended.is_set
    finally:
        done.set()
        thread.join()


def _no_room(what: str) -> str:
    return (
        f"YARN had no room for {what} in the queue `{QUEUE}` for {_PATIENCE_S:.0f} s. Wait until other jobs "
        "have ended, or raise yarn.memory_mb."
    )

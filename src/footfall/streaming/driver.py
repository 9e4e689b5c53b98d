"""The streaming driver, a service: runs the archive's query, and publishes windows and merges files between batches.

An outside failure (HDFS or Kafka is down, an executor is lost) ends the query. The driver then restarts the query from
its checkpoint in the same Spark session. The driver itself ends only if it loses its JVM or its lock; the cluster then
starts it again.
"""

import logging
import os
import signal
import sys
import threading
import time
from typing import Final

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from footfall.hdfs import Hdfs, HdfsUnavailable
from footfall.kafka.logs import Logs, describe
from footfall.kafka.topics import KafkaUnavailable
from footfall.lake import compaction, layout
from footfall.lake.errors import ArchiveRefused
from footfall.lake.progress import Current, Journal, Progress, ends_of, spark_offsets
from footfall.names import TOPIC_EVENTS, TOPIC_REJECTED
from footfall.settings import Settings, load_settings
from footfall.streaming import driver_lock, driver_report, resume, spark_session
from footfall.streaming.archive import Archive
from footfall.streaming.driver_lock import AnotherDriver, DriverLock
from footfall.streaming.errors import original_error
from footfall.streaming.window_publisher import Publisher
from footfall.yarn import Yarn, YarnUnavailable

# With a batch every 15 s, an event is archived after 9 s on average and 17 s at most. The fixed cost of a batch (about
# one second of processor time) stays below a tenth of a core.
TRIGGER_S: Final = 15
# The largest batch. Records of 700 bytes each, as columns, fit into the executor's memory for Python.
_MAX_RECORDS: Final = 200_000
# With this backlog, the next batch begins at once. Spark checks it every second, which costs a millisecond.
_MIN_RECORDS: Final = 20_000
_FETCH_WAIT_MS: Final = 10
_POLL_S: Final = 1.0
_COMPACT_EVERY_S: Final = 60.0
_COMPACT_PATIENCE_S: Final = 5.0
_FIRST_WAIT_S: Final = 2.0
_MAX_WAIT_S: Final = 30.0
_MAX_SENTENCE_LENGTH: Final = 500
# Errors that Spark raises outside a batch.
_SPARK_ERRORS: Final = (PySparkException, Py4JJavaError)
_ENGINE_ERRORS: Final = (HdfsUnavailable, KafkaUnavailable, *_SPARK_ERRORS)

log = logging.getLogger("streaming")


class Driver:
    """Owns the Spark session. `run` returns after `stop` is set."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._settings = settings
        self._stop = stop
        self._hdfs = Hdfs(settings)
        # Batches and the work between them must not overlap, since both change the archive's files.
        self._busy = threading.Lock()
        self._compact_due = 0.0

    def run(self) -> None:
        """Raises AnotherDriver, YarnUnavailable, and Py4JError when the JVM is gone."""
        driver_report.write(self._settings, "waiting for its lock")
        lock = DriverLock(self._settings)
        try:
            if lock.acquire(self._stop.is_set):
                self._run_with_lock()
        finally:
            lock.release()

    def _run_with_lock(self) -> None:
        driver_lock.end_processes(self._settings)
        for application in Yarn(self._settings).end_all(spark_session.TAG):
            log.warning("ended %s, which an earlier driver left", application)
        spark: SparkSession | None = None
        wait_s = _FIRST_WAIT_S
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                if spark is None:
                    # Checked before the session starts: a refusal is reported at once and holds no containers.
                    with Logs(self._settings) as logs:
                        self._resume_point(logs)
                    spark = self._start()
                self._stream(spark)
            except (ArchiveRefused, *_ENGINE_ERRORS) as error:
                self._report_trouble(_sentence(error))
                if isinstance(error, _SPARK_ERRORS) and (spark is None or not _alive(spark)):
                    raise
            if time.monotonic() - began > _MAX_WAIT_S:
                wait_s = _FIRST_WAIT_S
            self._wait(wait_s)
            wait_s = min(2 * wait_s, _MAX_WAIT_S)
        driver_report.write(self._settings, "ending")
        if spark is not None:
            spark.stop()

    def _start(self) -> SparkSession:
        driver_report.write(self._settings, "starting on YARN")
        spark = spark_session.start(self._settings)
        spark.sparkContext.setLogLevel("WARN")
        return spark

    def _stream(self, spark: SparkSession) -> None:
        """Runs the query until it fails or `stop` is set. Raises ArchiveRefused and the engines' errors."""
        with Logs(self._settings) as logs:
            current, latest = self._resume_point(logs)
            archive = Archive(spark, self._hdfs, self._uri, current, latest)
            compaction.finish(self._hdfs)
            publisher = Publisher(self._hdfs, archive, logs, current, self._settings.events_partitions)
            query = self._query(spark, archive, current, latest)
            log.info("archiving with checkpoint %s; last batch: %s", current.checkpoint, latest and latest.batch)
            try:
                self._supervise(query, archive, publisher, current)
            finally:
                # This may interrupt a batch, which Spark then repeats.
                query.stop()

    def _resume_point(self, logs: Logs) -> tuple[Current, Progress | None]:
        """The checkpoint in use and its latest progress, after a check that the archive can safely continue from them.

        Raises ArchiveRefused, HdfsUnavailable and KafkaUnavailable.
        """
        journal = Journal(self._hdfs)
        topics = describe(self._settings)
        current = journal.current()
        bounds = logs.bounds(topics)
        if current is None:
            current = resume.first_checkpoint(topics, bounds)
            journal.begin(current)
        latest = journal.latest(current.checkpoint)
        found = resume.read_checkpoint_folder(self._hdfs, current.checkpoint)
        resume.refuse_inconsistent(current, latest, found, topics, bounds)
        if found.owner is None:
            resume.write_owner(self._hdfs, current.checkpoint)
        return current, latest

    def _query(
        self, spark: SparkSession, archive: Archive, current: Current, latest: Progress | None
    ) -> StreamingQuery:
        def batch(records: DataFrame, number: int) -> None:
            with self._busy:
                archive.batch(records, number)

        records = (
            spark.readStream.format("kafka")
            .option("kafka.bootstrap.servers", self._settings.kafka_bootstrap)
            .option("subscribe", f"{TOPIC_EVENTS},{TOPIC_REJECTED}")
            # Spark uses this only for a new checkpoint.
            .option("startingOffsets", spark_offsets(ends_of(current, latest), current.topics))
            # A batch with rejects is read twice. Before a consumer seeks back, it waits for its pending fetch. At the
            # end of a log, Kafka answers that fetch only after this time; the default is half a second a partition.
            .option("kafka.fetch.max.wait.ms", str(_FETCH_WAIT_MS))
            .option("failOnDataLoss", "true")
            .option("maxOffsetsPerTrigger", str(_MAX_RECORDS))
            .option("minOffsetsPerTrigger", str(_MIN_RECORDS))
            .option("maxTriggerDelay", f"{TRIGGER_S}s")
            .load()
        )
        return (
            records.select("topic", "partition", "offset", "value")
            .writeStream.option("checkpointLocation", self._uri(layout.checkpoint_folder(current.checkpoint)))
            .trigger(processingTime="1 second")
            .foreachBatch(batch)
            .start()
        )

    def _supervise(self, query: StreamingQuery, archive: Archive, publisher: Publisher, current: Current) -> None:
        while not self._stop.wait(_POLL_S):
            if not query.isActive:
                error = query.exception()
                if error is not None:
                    raise error
                return
            driver_report.write(self._settings, "archiving")
            with self._busy:
                publisher.step()
            if time.monotonic() >= self._compact_due:
                with self._busy:
                    archive.compact(time.time_ns() // 1_000_000, _COMPACT_PATIENCE_S)
                    Journal(self._hdfs).prune(current.checkpoint, publisher.needed)
                self._compact_due = time.monotonic() + _COMPACT_EVERY_S

    def _uri(self, path: str) -> str:
        return f"{self._settings.hdfs_uri}{path}"

    def _report_trouble(self, sentence: str) -> None:
        log.warning("%s", sentence)
        driver_report.write(self._settings, "waiting", sentence)

    def _wait(self, seconds: float) -> None:
        self._stop.wait(seconds)


def _alive(spark: SparkSession) -> bool:
    """Whether the session can still be used; its application on YARN may have ended."""
    try:
        return not bool(spark.sparkContext._jsc.sc().isStopped())
    except Py4JError:
        return False


def _sentence(error: Exception) -> str:
    """The sentence of the Footfall error that Spark wrapped, else the first line of Spark's own message."""
    return (str(original_error(error)).splitlines() or [type(error).__name__])[0][:_MAX_SENTENCE_LENGTH]


def main() -> int:
    """Runs the driver until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("py4j", "kazoo"):
        logging.getLogger(name).setLevel(logging.WARNING)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    settings = load_settings()
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    try:
        Driver(settings, stop).run()
    except (AnotherDriver, YarnUnavailable) as error:
        log.error("%s", error)
        return 1
    except (PySparkException, Py4JError, OSError) as error:
        log.error("the session is lost: %s", _sentence(error))
        # The threads of Py4J's callback server would keep the process alive.
        os._exit(1)
    return 0


if __name__ == "__main__":
    sys.exit(main())

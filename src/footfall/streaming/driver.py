"""The streaming driver, a service: keeps the archive's query running, and does what lies between its batches.

Trouble outside (HDFS or Kafka away, a lost executor) ends the query; it is begun again in the same session, where the
checkpoint says. Only the loss of its own JVM or of its lock ends the driver, and then it is started anew.
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
from footfall.streaming.driver_lock import Alone, AnotherDriver
from footfall.streaming.errors import own
from footfall.streaming.window_publisher import Publisher
from footfall.yarn import Yarn

# With a batch each quarter of a minute an event is archived after 9 s on average and 17 s at most, and the work of a
# batch that does not depend on its size (a second or so of processor) stays below a tenth of a core.
TRIGGER_S: Final = 15
# What is read at once when much waits; of 700 bytes each, Python's part of the executor's container holds them as
# columns.
_MOST_AT_ONCE: Final = 200_000
# When as much waits, the next batch begins at once; Kafka is asked for that each second, which costs a millisecond.
_MUCH: Final = 20_000
_FETCH_WAIT_MS: Final = 10
_LOOK_EVERY_S: Final = 1.0
_COMPACT_EVERY_S: Final = 60.0
_COMPACT_PATIENCE_S: Final = 5.0
_FIRST_WAIT_S: Final = 2.0
_LONGEST_WAIT_S: Final = 30.0
_LONGEST_SENTENCE: Final = 500
# What Spark meets outside a batch comes through as it is.
_SPARKS: Final = (PySparkException, Py4JJavaError)
_ENGINES_AWAY: Final = (HdfsUnavailable, KafkaUnavailable, *_SPARKS)

log = logging.getLogger("streaming")


class Driver:
    """Owns the session; `run` returns when it was told to stop."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._settings = settings
        self._stop = stop
        self._hdfs = Hdfs(settings)
        # Batches and what lies between them never overlap: both change the archive's files.
        self._busy = threading.Lock()
        self._compact_due = 0.0

    def run(self) -> None:
        """Raises AnotherDriver, and Py4JError when the JVM is gone."""
        driver_report.write(self._settings, "waiting for its lock")
        lock = Alone(self._settings)
        lock.acquire(self._stop.is_set)
        try:
            self._work()
        finally:
            lock.release()

    def _work(self) -> None:
        driver_lock.end_processes(self._settings)
        driver_lock.end_applications(Yarn(self._settings), spark_session.TAG)
        spark: SparkSession | None = None
        wait_s = _FIRST_WAIT_S
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                if spark is None:
                    # A refusal is told at once, and holds no containers.
                    with Logs(self._settings) as logs:
                        self._where(logs)
                    spark = self._start()
                self._stream(spark)
            except (ArchiveRefused, *_ENGINES_AWAY) as error:
                self._tell(_sentence(error))
                if isinstance(error, _SPARKS) and (spark is None or not _alive(spark)):
                    raise
            if time.monotonic() - began > _LONGEST_WAIT_S:
                wait_s = _FIRST_WAIT_S
            self._wait(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
        driver_report.write(self._settings, "ending")
        if spark is not None:
            spark.stop()

    def _start(self) -> SparkSession:
        driver_report.write(self._settings, "starting on YARN")
        spark = spark_session.start(self._settings)
        spark.sparkContext.setLogLevel("WARN")
        return spark

    def _stream(self, spark: SparkSession) -> None:
        """Runs the query until it fails or the driver is to stop. Raises ArchiveRefused and what the engines do."""
        with Logs(self._settings) as logs:
            current, latest = self._where(logs)
            archive = Archive(spark, self._hdfs, self._uri, current, latest)
            compaction.finish(self._hdfs)
            publisher = Publisher(self._hdfs, archive, logs, current)
            query = self._query(spark, archive, current, latest)
            log.info("archiving with checkpoint %s after batch %s", current.checkpoint, latest and latest.batch)
            try:
                self._attend(query, archive, publisher, current)
            finally:
                # In the middle of a batch too: it will be done again.
                query.stop()

    def _where(self, logs: Logs) -> tuple[Current, Progress | None]:
        """The checkpoint in use and how far it is, once they are judged.

        Raises ArchiveRefused, HdfsUnavailable and KafkaUnavailable.
        """
        journal = Journal(self._hdfs)
        topics = describe(self._settings)
        current = journal.current()
        bounds = logs.bounds(topics)
        if current is None:
            current = resume.first(topics, bounds)
            journal.begin(current)
        latest = journal.latest(current.checkpoint)
        found = resume.look_at(self._hdfs, current.checkpoint)
        resume.judge(current, latest, found, topics, bounds)
        if found.owner is None:
            resume.claim(self._hdfs, current.checkpoint)
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
            # Of a new checkpoint alone; an old one knows.
            .option("startingOffsets", spark_offsets(ends_of(current, latest), current.topics))
            # A batch with rejects is read twice. Before a consumer goes back, it waits for what it has asked for
            # already, which at the end of a log is only answered after that time; by default half a second a partition.
            .option("kafka.fetch.max.wait.ms", str(_FETCH_WAIT_MS))
            .option("failOnDataLoss", "true")
            .option("maxOffsetsPerTrigger", str(_MOST_AT_ONCE))
            .option("minOffsetsPerTrigger", str(_MUCH))
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

    def _attend(self, query: StreamingQuery, archive: Archive, publisher: Publisher, current: Current) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
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
        return f"hdfs://{self._settings.address('namenode')}{path}"

    def _tell(self, sentence: str) -> None:
        log.warning("%s", sentence)
        driver_report.write(self._settings, "waiting", sentence)

    def _wait(self, seconds: float) -> None:
        self._stop.wait(seconds)


def _alive(spark: SparkSession) -> bool:
    """Whether the session may still be used: its application on YARN may have ended."""
    try:
        return not bool(spark.sparkContext._jsc.sc().isStopped())
    except Py4JError:
        return False


def _sentence(error: Exception) -> str:
    """The sentence that an error of our own carries through Spark, else the first line of Spark's."""
    return (str(own(error)).splitlines() or [type(error).__name__])[0][:_LONGEST_SENTENCE]


def main() -> int:
    """Works until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("py4j", "kazoo"):
        logging.getLogger(name).setLevel(logging.WARNING)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    settings = load_settings()
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    try:
        Driver(settings, stop).run()
    except AnotherDriver as error:
        log.error("%s", error)
        return 1
    except (PySparkException, Py4JError, OSError) as error:
        log.error("the session is lost: %s", _sentence(error))
        # Threads of the callback server would keep the process alive.
        os._exit(1)
    return 0


if __name__ == "__main__":
    sys.exit(main())

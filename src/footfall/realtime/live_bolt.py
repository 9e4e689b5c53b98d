"""The counting bolt. A task owns whole partitions.

It takes packs of records from Storm, counts them, flushes the rows to HBase, acknowledges the packs, and reports the
figures of each slot to the alert bolt.
"""

import gc
import logging
import time
from pathlib import Path
from typing import Final

from footfall.kafka.logs import describe
from footfall.kafka.topics import KafkaUnavailable, Topic, TopicPartition
from footfall.realtime.alerts.figures import FiguresBySlot, Report, encode_report, merge_into
from footfall.realtime.multilang import Message, Pipe, Setup, serve
from footfall.realtime.partition_counter import Pack, Partition
from footfall.realtime.store import WRITER_TIMEOUT_S, HBaseStore, HBaseUnavailable
from footfall.realtime.topology import SLOT_FIGURES
from footfall.settings import load_settings

log = logging.getLogger(__name__)

# A trade-off between fresh figures and few, large writes. The limit that is reached first triggers a flush.
FLUSH_AFTER_S: Final = 0.1
FLUSH_AT: Final = 5_000
# Only rare exceptions create reference cycles here. Python's default thresholds (700, 10, 10) scan the thousands of
# events of a flush again and again, which takes a sixth of a core. A flush allocates less than these thresholds.
GC_THRESHOLDS: Final = (200_000, 20, 100)
_RETRY_S: Final = 1.0
_CAUGHT_UP_EVERY_S: Final = 1.0
_REPORT_EVERY_S: Final = 1.0
_IDLE_S: Final = 1.0


class ChosenToFail(Exception):
    """A test requested that one pack fails."""


class LiveBolt:
    """The counting bolt; see `multilang.Bolt`. Its partitions share one connection, one after the other."""

    def __init__(self) -> None:
        self._partitions: dict[TopicPartition, Partition] = {}
        # Packs in order of arrival that wait until the partition's progress has been read.
        self._arrived: dict[TopicPartition, list[Pack]] = {}
        self._first_unflushed_s: float | None = None
        self._retry_at_s = 0.0
        self._caught_up_written: dict[TopicPartition, tuple[float, int]] = {}
        # The figures flushed since the last report.
        self._figures: FiguresBySlot = {}
        self._is_late = False
        self._report_at_s = 0.0

    def prepare(self, pipe: Pipe, setup: Setup) -> None:
        """Reads the settings. Kafka and HBase are connected only when the first pack arrives."""
        gc.set_threshold(*GC_THRESHOLDS)
        settings = load_settings()
        self._pipe = pipe
        self._settings = settings
        self._store = HBaseStore(settings, WRITER_TIMEOUT_S)
        self._topics: dict[str, Topic] = {}
        self._fail_one: Path = settings.run_dir / "chaos" / "fail-pack"

    def process(self, message: Message) -> None:
        """Keeps one pack for the next flush."""
        topic, partition, first, end, caught_up_ms, offsets, values = message.values
        topic_partition = (topic, partition)
        if topic_partition in self._partitions and values and self._fail_one.exists():
            self._fail_one.unlink(missing_ok=True)
            raise ChosenToFail(f"{topic}/{partition} from offset {first}, as a test requested.")
        arrived = self._arrived.setdefault(topic_partition, [])
        if topic_partition not in self._partitions:
            # While HBase is unavailable, the spout sends the packs again every three minutes. Keep their records once.
            values = next((pack.values for pack in arrived if (pack.first, pack.end) == (first, end)), values)
        arrived.append(Pack(message.id, first, end, caught_up_ms, offsets, values))
        if self._first_unflushed_s is None:
            self._first_unflushed_s = time.monotonic()

    def drained(self) -> None:
        """Flushes what is due. While Kafka or HBase is unavailable, keeps everything and tries again later."""
        now_s = time.monotonic()
        if now_s < self._retry_at_s:
            return
        try:
            self._take_arrived()
            if self._is_due(now_s):
                self._flush()
                self._first_unflushed_s = time.monotonic() if self._waiting() else None
            self._write_caught_up(now_s)
            self._emit_report(now_s)
        except (HBaseUnavailable, KafkaUnavailable) as error:
            log.warning("Counting waits, nothing is lost: %s", error)
            self._retry_at_s = time.monotonic() + _RETRY_S

    def max_wait_s(self) -> float:
        """Seconds until the next flush is due, or until the next attempt after a failure."""
        now_s = time.monotonic()
        if now_s < self._retry_at_s:
            return self._retry_at_s - now_s
        if self._first_unflushed_s is None:
            return _IDLE_S
        return max(0.0, self._first_unflushed_s + FLUSH_AFTER_S - now_s)

    def _take_arrived(self) -> None:
        for topic_partition in list(self._arrived):
            partition = self._partitions.get(topic_partition)
            if partition is None:
                if not self._topics:
                    with self._pipe.slow():
                        self._topics = describe(self._settings)
                with self._pipe.slow():
                    partition = Partition(self._topics[topic_partition[0]], topic_partition[1], self._store)
                self._partitions[topic_partition] = partition
            for pack in self._arrived.pop(topic_partition):
                for done in partition.offer(pack):
                    self._pipe.ack(done)

    def _is_due(self, now_s: float) -> bool:
        if self._first_unflushed_s is None:
            return False
        return now_s - self._first_unflushed_s >= FLUSH_AFTER_S or self._waiting() >= FLUSH_AT

    def _waiting(self) -> int:
        return sum(partition.ready() for partition in self._partitions.values())

    def _flush(self) -> None:
        for partition in self._partitions.values():
            if partition.ready():
                with self._pipe.slow():
                    done = partition.flush()
                for message_id in done:
                    self._pipe.ack(message_id)
                figures, is_late = partition.take_figures()
                merge_into(self._figures, figures)
                self._is_late |= is_late
                self._pipe.flush()

    def _write_caught_up(self, now_s: float) -> None:
        for topic_partition, partition in self._partitions.items():
            written_s, written_ms = self._caught_up_written.get(topic_partition, (-_CAUGHT_UP_EVERY_S, 0))
            if partition.caught_up_ms > written_ms and now_s - written_s >= _CAUGHT_UP_EVERY_S:
                with self._pipe.slow():
                    partition.write_caught_up()
                self._caught_up_written[topic_partition] = (now_s, partition.caught_up_ms)

    def _emit_report(self, now_s: float) -> None:
        """Reports to the alert bolt. A report may be lost: a restarted alert bolt reads the figures from HBase."""
        if now_s < self._report_at_s:
            return
        caught_up = {partition.name: partition.caught_up_ms for partition in self._partitions.values()}
        self._pipe.emit(SLOT_FIGURES, [encode_report(Report(caught_up, self._figures, self._is_late))])
        self._figures, self._is_late = {}, False
        self._report_at_s = now_s + _REPORT_EVERY_S


if __name__ == "__main__":
    serve(LiveBolt())

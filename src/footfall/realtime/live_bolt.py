"""The bolt that owns whole partitions: takes packs from Storm, counts, flushes to HBase, acknowledges, and tells the
bolt that judges."""

import gc
import logging
import time
from pathlib import Path
from typing import Final

from footfall.kafka.logs import describe
from footfall.kafka.topics import KafkaUnavailable, Topic, TopicPartition
from footfall.realtime.alerts.moments import Moments, Report, encode, gather
from footfall.realtime.multilang import Message, Pipe, Setup, serve
from footfall.realtime.partition_counter import Pack, Partition
from footfall.realtime.store import WRITER_TIMEOUT_S, HBaseStore, HBaseUnavailable
from footfall.realtime.topology import MOMENTS
from footfall.settings import load_settings

log = logging.getLogger(__name__)

# Young figures against few, large writes: whichever of the two comes first.
FLUSH_AFTER_S: Final = 0.1
FLUSH_AT: Final = 5_000
# Nothing here makes cycles but rare exceptions. Python's own thresholds (700, 10, 10) look through the thousands of
# events of a flush again and again and take a sixth of a core. A flush has less than this.
GC_THRESHOLDS: Final = (200_000, 20, 100)
_RETRY_S: Final = 1.0
_CAUGHT_UP_EVERY_S: Final = 1.0
_TELL_EVERY_S: Final = 1.0
_IDLE_S: Final = 1.0


class ChosenToFail(Exception):
    """A test asked for one pack to fail."""


class LiveBolt:
    """See `multilang.Bolt`. All partitions share one connection: they are served one after the other."""

    def __init__(self) -> None:
        self._partitions: dict[TopicPartition, Partition] = {}
        # Packs wait here in their order of arrival until the partition's progress could be read.
        self._arrived: dict[TopicPartition, list[Pack]] = {}
        self._first_unflushed_s: float | None = None
        self._retry_at_s = 0.0
        self._told_caught_up: dict[TopicPartition, tuple[float, int]] = {}
        # Of what was flushed since the last report.
        self._moments: Moments = {}
        self._is_late = False
        self._tell_at_s = 0.0

    def prepare(self, pipe: Pipe, setup: Setup) -> None:
        """Reads the settings; Kafka and HBase are asked when the first pack is here."""
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
        place = (topic, partition)
        if place in self._partitions and values and self._fail_one.exists():
            self._fail_one.unlink(missing_ok=True)
            raise ChosenToFail(f"{topic}/{partition} from offset {first}, as a test wanted.")
        arrived = self._arrived.setdefault(place, [])
        if place not in self._partitions:
            # While the store is away the spout sends the same packs every three minutes: the records are kept once.
            values = next((pack.values for pack in arrived if (pack.first, pack.end) == (first, end)), values)
        arrived.append(Pack(message.id, first, end, caught_up_ms, offsets, values))
        if self._first_unflushed_s is None:
            self._first_unflushed_s = time.monotonic()

    def drained(self) -> None:
        """Flushes what is due; while Kafka or HBase is away, keeps everything and tries again later."""
        now_s = time.monotonic()
        if now_s < self._retry_at_s:
            return
        try:
            self._take_arrived()
            if self._is_due(now_s):
                self._flush()
                self._first_unflushed_s = time.monotonic() if self._waiting() else None
            self._tell_caught_up(now_s)
            self._tell_moments(now_s)
        except (HBaseUnavailable, KafkaUnavailable) as error:
            log.warning("Nothing is lost, counting waits: %s", error)
            self._retry_at_s = time.monotonic() + _RETRY_S

    def patience_s(self) -> float:
        """Until the next flush is due, or the next attempt after a failed one."""
        now_s = time.monotonic()
        if now_s < self._retry_at_s:
            return self._retry_at_s - now_s
        if self._first_unflushed_s is None:
            return _IDLE_S
        return max(0.0, self._first_unflushed_s + FLUSH_AFTER_S - now_s)

    def _take_arrived(self) -> None:
        for place in list(self._arrived):
            partition = self._partitions.get(place)
            if partition is None:
                if not self._topics:
                    with self._pipe.slow():
                        self._topics = describe(self._settings)
                with self._pipe.slow():
                    partition = self._partitions[place] = Partition(self._topics[place[0]], place[1], self._store)
            for pack in self._arrived.pop(place):
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
                moments, is_late = partition.moments()
                gather(self._moments, moments)
                self._is_late |= is_late
                self._pipe.flush()

    def _tell_caught_up(self, now_s: float) -> None:
        for place, partition in self._partitions.items():
            told_s, told_ms = self._told_caught_up.get(place, (-_CAUGHT_UP_EVERY_S, 0))
            if partition.caught_up_ms > told_ms and now_s - told_s >= _CAUGHT_UP_EVERY_S:
                with self._pipe.slow():
                    partition.write_caught_up()
                self._told_caught_up[place] = (now_s, partition.caught_up_ms)

    def _tell_moments(self, now_s: float) -> None:
        """To the bolt that judges. It does not matter if that one dies: it then reads what is written."""
        if now_s < self._tell_at_s:
            return
        caught_up = {partition.name: partition.caught_up_ms for partition in self._partitions.values()}
        self._pipe.emit(MOMENTS, [encode(Report(caught_up, self._moments, self._is_late))])
        self._moments, self._is_late = {}, False
        self._tell_at_s = now_s + _TELL_EVERY_S


if __name__ == "__main__":
    serve(LiveBolt())

"""Counts one partition in strict order of its offsets. Pure: it knows no engine.

Packs that arrive too early are held back, and records that are already counted are skipped. A flush writes the rows,
then the progress, and then returns the ids to acknowledge. If a write fails, the flush stays in memory and the next
attempt writes it unchanged.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgpack

from footfall import names
from footfall.kafka.topics import Topic
from footfall.realtime import tables
from footfall.realtime.aggregator import EventRows
from footfall.realtime.alerts.figures import MAX_REPORT_AGE_MS, FiguresBySlot
from footfall.realtime.reject_rows import RejectRows
from footfall.realtime.row_store import Batch, Record, Store
from footfall.realtime.tables import Progress

log = logging.getLogger(__name__)

# A flush takes whole packs until it has this many records: many enough to share a round trip, few enough to be fast.
MAX_RECORDS: Final = 8_000
# All losses are logged; the store keeps the latest.
_MAX_LOSSES: Final = 100


class Pack(NamedTuple):
    """Records of one partition with offsets from `first` to `end` - 1. Offsets missing in between are lost for good.

    caught_up_ms: when (epoch ms) the reader had reached the log's end at this pack, 0 if it had not.
    offsets: the offset of each value; None if no offset is missing.
    """

    id: str
    first: int
    end: int
    caught_up_ms: int
    offsets: Sequence[int] | None
    values: Sequence[bytes]


class _Flush(NamedTuple):
    batch: Batch
    progress: Progress
    losses: list[tuple[int, int, int]]
    ids: list[str]
    caught_up_ms: int


class Partition:
    """The counter of one partition. Exactly one bolt task owns a partition."""

    def __init__(self, topic: Topic, partition: int, store: Store, now_s: Callable[[], float] = time.time) -> None:
        """Reads the partition's progress. Raises what `store` raises."""
        self.name = f"{topic.name}/{partition}"
        self.caught_up_ms = 0
        self.refused: str | None = None
        self._topic, self._partition, self._store, self._now_s = topic, partition, store, now_s
        rows = EventRows if topic.name == names.TOPIC_EVENTS else RejectRows
        self._rows: EventRows | RejectRows = rows(partition, store)
        self._key = tables.progress_key(topic.name, partition)
        self._held: dict[int, Pack] = {}
        self._spare_ids: dict[int, list[str]] = {}
        # Includes the losses that earlier processes reported: one cell holds all, and the next write must keep them.
        self._losses = list(store.read_losses(topic.name, partition))
        self._pending: _Flush | None = None
        self._progress = store.read_progress(topic.name, partition)
        if self._progress is not None:
            self._check_topic(self._progress)

    @property
    def next(self) -> int | None:
        """The offset after the last flushed one; None before anything was counted."""
        return None if self._progress is None else self._progress.offset + 1

    def offer(self, pack: Pack) -> list[str]:
        """Takes a pack; packs may come in any order. Returns the message ids that can be acknowledged already."""
        if self.refused is not None:
            self._hold(pack)
            return []
        if self._progress is None:
            # Never counted before: counting begins where the log begins.
            self._progress = Progress(self._topic.id, self._topic.partitions, pack.first - 1, 0)
        flushed = self._progress.offset + 1
        if pack.first == pack.end:
            return self._tick(pack, flushed)
        if pack.end <= flushed:
            return [pack.id]
        self._hold(pack)
        return []

    def ready(self) -> int:
        """The number of records that a flush would write now; at least 1 if there is anything to flush."""
        if self.refused is not None:
            return 0
        if self._pending is not None:
            return MAX_RECORDS
        return sum(max(1, len(pack.values)) for pack in self._contiguous())

    def flush(self) -> list[str]:
        """Counts the contiguous packs, writes the result, and returns the message ids to acknowledge.

        Raises what the store raises; the next call then tries the same flush again.
        """
        if self.refused is not None:
            return []
        if self._pending is None:
            self._pending = self._count()
        if (pending := self._pending) is None:
            return []
        stamp = pending.progress.offset + 1
        for table, rows in pending.batch.items():
            if rows:
                self._store.write(table, rows, stamp)
        cells = {tables.PROGRESS_COLUMN: tables.encode_progress(pending.progress)}
        if pending.losses:
            cells[tables.LOST_COLUMN] = msgpack.packb(pending.losses)
        self._store.write(names.TABLE_PROGRESS, {self._key: cells}, stamp)
        self._pending = None
        self._progress = pending.progress
        self.caught_up_ms = max(self.caught_up_ms, pending.caught_up_ms)
        self._rows.evict_oldest()
        return pending.ids

    def take_figures(self) -> tuple[FiguresBySlot, bool]:
        """Returns and clears the figures for alerts of the events flushed since the last call.

        The flag is True if other events were left out because they were counted more than MAX_REPORT_AGE_MS after
        their arrival.
        """
        return self._rows.take_figures()

    def write_caught_up(self) -> None:
        """Stores the time (epoch ms) up to which everything is counted, for readers."""
        if self.caught_up_ms:
            cell = {tables.CAUGHT_UP_COLUMN: msgpack.packb(self.caught_up_ms)}
            self._store.write(names.TABLE_PROGRESS, {self._key: cell}, self.caught_up_ms)

    def _tick(self, pack: Pack, flushed: int) -> list[str]:
        if self._held or self._pending is not None:
            # The held packs explain the position, and the next tick comes within a second.
            return [pack.id]
        # The spout sends a tick only while no pack of the partition is in flight, so counting must be at its position.
        if pack.first > flushed:
            self._hold(pack._replace(first=flushed, offsets=[]))
            return []
        if pack.first < flushed:
            self._refuse(
                f"Kafka's log of {self.name} ends before offset {pack.first}, but everything before {flushed} is "
                "counted: Kafka lost its tail. `./footfall rebuild live` counts again from the start."
            )
            return []
        self.caught_up_ms = max(self.caught_up_ms, pack.caught_up_ms)
        return [pack.id]

    def _hold(self, pack: Pack) -> None:
        known = self._held.get(pack.first)
        if known is None:
            self._held[pack.first] = pack
            return
        # The same pack again, after the message timeout. Both ids are acknowledged.
        longer, other = (pack, known) if pack.end > known.end else (known, pack)
        self._held[pack.first] = longer
        self._spare_ids.setdefault(pack.first, []).append(other.id)

    def _contiguous(self) -> list[Pack]:
        """The held packs that directly follow the flushed offset, up to the size of a flush."""
        if self._progress is None:
            return []
        at, found, records = self._progress.offset + 1, [], 0
        for first in sorted(self._held):
            if first > at or records >= MAX_RECORDS:
                break
            pack = self._held[first]
            found.append(pack)
            records += len(pack.values)
            at = max(at, pack.end)
        return found

    def _count(self) -> _Flush | None:
        packs, before = self._contiguous(), self._progress
        if not packs or before is None:
            return None
        at = before.offset + 1
        records: list[Record] = []
        lost: list[tuple[int, int]] = []
        for pack in packs:
            offsets = range(pack.first, pack.end) if pack.offsets is None else pack.offsets
            for offset, value in zip(offsets, pack.values, strict=True):
                if offset < at:
                    continue
                if offset > at:
                    lost.append((at, offset))
                records.append((offset, value))
                at = offset + 1
            if pack.end > at:
                lost.append((at, pack.end))
                at = pack.end
        batch, unparsable = self._rows.count(records, at - 1, int(self._now_s() * 1000) - MAX_REPORT_AGE_MS)
        for first, end in lost:
            log.error("%s: offsets %d to %d are gone from Kafka and were never counted.", self.name, first, end - 1)
        self._losses += [(first, end, int(self._now_s() * 1000)) for first, end in lost]
        del self._losses[:-_MAX_LOSSES]
        ids = []
        for pack in packs:
            ids += [pack.id, *self._spare_ids.pop(pack.first, ())]
            del self._held[pack.first]
        return _Flush(
            batch,
            Progress(self._topic.id, self._topic.partitions, at - 1, before.unparsable + unparsable),
            list(self._losses) if lost else [],
            ids,
            max(pack.caught_up_ms for pack in packs),
        )

    def _check_topic(self, progress: Progress) -> None:
        if progress.topic_id != self._topic.id:
            self._refuse(
                f"Kafka's topic {self._topic.name} was recreated since {self.name} was counted; "
                "`./footfall rebuild live` counts again from the start."
            )
        elif progress.partitions != self._topic.partitions:
            self._refuse(
                f"Kafka's topic {self._topic.name} has {self._topic.partitions} partitions instead of "
                f"{progress.partitions}; `./footfall rebuild live` counts again from the start."
            )

    def _refuse(self, sentence: str) -> None:
        self.refused = sentence
        log.error("%s", sentence)

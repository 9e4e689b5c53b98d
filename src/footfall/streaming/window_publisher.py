"""Keeps the published windows up with the archive: what batches touched, what is closed, what is still to be done."""

import logging
import time
from collections.abc import Iterable, Mapping
from typing import Final

from footfall.kafka.logs import Logs
from footfall.kafka.topics import TopicPartition
from footfall.lake import layout, window_files
from footfall.lake.layout import Files
from footfall.lake.progress import Current, Journal, ends_of
from footfall.names import EVENTS_PARTITIONS, TOPIC_EVENTS
from footfall.streaming.archive import Archive
from footfall.streaming.identity_index import EPOCH
from footfall.streaming.watermark import closed_until
from footfall.streaming.window_publication import compute_and_publish
from footfall.streaming.window_schedule import Pending, more_or_fewer

_PENDING: Final = "/aggregates/_pending.json"
_MINUTE_MS: Final = 60_000
# What Kafka may hold: nothing older can wait to be archived.
_FARTHEST_BACK: Final = 14 * 1440
# After a recovery: batches of the old checkpoint that were archived, and whose minutes nobody was told.
_UNTOLD_DAYS: Final = 4

# More as soon as these are known to be quick.
_HOURS_AT_FIRST: Final = 6

log = logging.getLogger("streaming")


class Publisher:
    """Lives as long as one query. Called between its batches."""

    def __init__(self, files: Files, archive: Archive, logs: Logs, current: Current) -> None:
        """Reads what is still to be done. Raises HdfsUnavailable."""
        self._files = files
        self._archive = archive
        self._logs = logs
        self._current = current
        self._journal = Journal(files)
        self._closed = _minute() - _FARTHEST_BACK
        self._pending = self._read()
        self._most_hours = _HOURS_AT_FIRST

    @property
    def needed(self) -> int:
        """The first batch whose progress has not been told yet."""
        batch = self._pending.batch
        return batch[1] + 1 if batch is not None and batch[0] == self._current.checkpoint else 0

    def step(self) -> None:
        """Computes and publishes one portion, if one is due.

        Raises HdfsUnavailable, KafkaUnavailable, and what Spark raises.
        """
        before = self._closed
        if before < (now := _minute()):
            archived = ends_of(self._current, self._archive.latest)
            self._closed = closed_until(archived, self._ends_at, before, now)
        told = self._tell()
        portion = self._pending.due(self._closed, self._most_hours)
        if portion is not None:
            began_s = time.monotonic()
            compute_and_publish(self._files, self._archive.windows, portion)
            self._pending = self._pending.done(portion)
            if portion.hours:
                self._most_hours = more_or_fewer(self._most_hours, time.monotonic() - began_s)
        elif self._closed > before:
            window_files.write_closed(self._files, self._closed)
        if portion is not None or told:
            self._write()

    def _ends_at(self, minute: int) -> Mapping[TopicPartition, int]:
        return self._logs.ends_at(TOPIC_EVENTS, EVENTS_PARTITIONS, minute * _MINUTE_MS)

    def _tell(self) -> bool:
        """Takes in what the batches touched since the last time."""
        latest = self._archive.latest
        if latest is None or latest.batch < self.needed:
            return False
        for number in range(self.needed, latest.batch + 1):
            progress = self._journal.read(self._current.checkpoint, number)
            touched: Iterable[int] = ()
            if progress is None:
                # Whoever deleted it does not tell which minutes it was of.
                log.warning("the progress of batch %d is gone; the newest days are computed anew", number)
                self._pending = self._pending.queue(self._hours(_UNTOLD_DAYS))
            else:
                touched = (minute for first, last in progress.touched for minute in range(first, last + 1))
            self._pending = self._pending.touch((self._current.checkpoint, number), touched, self._closed)
        return True

    def _read(self) -> Pending:
        content = self._files.read(_PENDING)
        if content is None:
            # The first start, or the list is lost: whatever is archived already is computed.
            return Pending().queue(self._hours(None))
        try:
            pending = Pending.from_json(content)
        except ValueError as error:
            log.warning("%s All that is archived is computed anew.", error)
            return Pending().queue(self._hours(None))
        if pending.batch is not None and pending.batch[0] != self._current.checkpoint:
            return pending.queue(self._hours(_UNTOLD_DAYS))
        return pending

    def _write(self) -> None:
        layout.put(self._files, _PENDING, self._pending.to_json().encode())

    def _hours(self, days: int | None) -> list[int]:
        """The hours of the archive's days; of the newest few alone if `days` is given."""
        folders = {layout.day_of(values) for values in layout.folders(self._files, layout.EVENTS)}
        found = sorted(day for day in folders if day is not None)
        first = 0 if days is None else -days
        return [(day - EPOCH).days * 24 + hour for day in found[first:] for hour in range(24)]


def _minute() -> int:
    return time.time_ns() // 1_000_000 // _MINUTE_MS

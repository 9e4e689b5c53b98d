"""Keeps the published windows up to date with the archive: tracks which minutes changed, which are closed, and which
windows are still to be computed."""

import logging
import time
from collections.abc import Iterable, Mapping
from typing import Final

from footfall.events.times import MINUTE_MS
from footfall.kafka.logs import Logs
from footfall.kafka.topics import TopicPartition
from footfall.lake import layout, window_files
from footfall.lake.layout import Files
from footfall.lake.progress import Current, Journal, ends_of
from footfall.names import TOPIC_EVENTS
from footfall.streaming.archive import Archive
from footfall.streaming.identity_index import EPOCH
from footfall.streaming.watermark import closed_until
from footfall.streaming.window_publication import compute_and_publish
from footfall.streaming.window_schedule import Pending, adjusted_hours_limit

_PENDING: Final = "/aggregates/_pending.json"
# Kafka's retention: no older record can wait to be archived.
_MAX_BACKLOG_MINUTES: Final = 14 * 1440
# The newest days are computed again after a recovery: the last batches of the old checkpoint may not be in the list.
_DAYS_AFTER_RECOVERY: Final = 4

# The limit grows as soon as these prove to be quick.
_INITIAL_HOURS_LIMIT: Final = 6

log = logging.getLogger("streaming")


class Publisher:
    """Publishes windows between the batches of one query; a new query needs a new publisher."""

    def __init__(self, files: Files, archive: Archive, logs: Logs, current: Current, partitions: int) -> None:
        """Reads the saved list of pending windows. partitions: those of `events`. Raises HdfsUnavailable."""
        self._files = files
        self._archive = archive
        self._logs = logs
        self._current = current
        self._partitions = partitions
        self._journal = Journal(files)
        self._closed = _minute() - _MAX_BACKLOG_MINUTES
        self._pending = self._read()
        self._hours_limit = _INITIAL_HOURS_LIMIT

    @property
    def needed(self) -> int:
        """The first batch whose progress this publisher has not taken in yet."""
        batch = self._pending.batch
        return batch[1] + 1 if batch is not None and batch[0] == self._current.checkpoint else 0

    def step(self) -> None:
        """Computes and publishes one set of windows, if one is due.

        Raises HdfsUnavailable, KafkaUnavailable and Spark's errors.
        """
        before = self._closed
        if before < (now := _minute()):
            archived = ends_of(self._current, self._archive.latest)
            self._closed = closed_until(archived, self._ends_at, before, now)
        took_in = self._take_in_batches()
        window_set = self._pending.due(self._closed, self._hours_limit)
        if window_set is not None:
            began_s = time.monotonic()
            compute_and_publish(self._files, self._archive.windows, window_set)
            self._pending = self._pending.done(window_set)
            if window_set.hours:
                self._hours_limit = adjusted_hours_limit(self._hours_limit, time.monotonic() - began_s)
        elif self._closed > before:
            window_files.write_closed(self._files, self._closed)
        if window_set is not None or took_in:
            self._write()

    def _ends_at(self, minute: int) -> Mapping[TopicPartition, int]:
        return self._logs.ends_at(TOPIC_EVENTS, self._partitions, minute * MINUTE_MS)

    def _take_in_batches(self) -> bool:
        """Adds the minutes of new batches to the pending windows. Returns whether there was a new batch."""
        latest = self._archive.latest
        if latest is None or latest.batch < self.needed:
            return False
        for number in range(self.needed, latest.batch + 1):
            progress = self._journal.read(self._current.checkpoint, number)
            touched: Iterable[int] = ()
            if progress is None:
                # Without the file, the minutes of the batch are unknown.
                log.warning("the progress of batch %d is missing; the newest days are computed again", number)
                self._pending = self._pending.queue(self._hours(_DAYS_AFTER_RECOVERY))
            else:
                touched = (minute for first, last in progress.touched for minute in range(first, last + 1))
            self._pending = self._pending.touch((self._current.checkpoint, number), touched, self._closed)
        return True

    def _read(self) -> Pending:
        content = self._files.read(_PENDING)
        if content is None:
            # This is the first start, or the list is lost: all windows of the archive are computed.
            return Pending().queue(self._hours(None))
        try:
            pending = Pending.from_json(content)
        except ValueError as error:
            log.warning("%s All windows of the archive are computed again.", error)
            return Pending().queue(self._hours(None))
        if pending.batch is not None and pending.batch[0] != self._current.checkpoint:
            return pending.queue(self._hours(_DAYS_AFTER_RECOVERY))
        return pending

    def _write(self) -> None:
        layout.put(self._files, _PENDING, self._pending.to_json().encode())

    def _hours(self, days: int | None) -> list[int]:
        """The hours of the archive's days, or of its newest `days` days."""
        folders = {layout.day_of(values) for values in layout.folders(self._files, layout.EVENTS)}
        found = sorted(day for day in folders if day is not None)
        first = 0 if days is None else -days
        return [(day - EPOCH).days * 24 + hour for day in found[first:] for hour in range(24)]


def _minute() -> int:
    return time.time_ns() // 1_000_000 // MINUTE_MS

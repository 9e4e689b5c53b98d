"""Archives a batch of Kafka's records: every event once, in one file for each site and day, or a few for a large batch.

The executor writes the events to a staging folder and returns their identities to the driver. The driver finds the
identities that are already archived, rewrites the staged files without them, and gives the files their final names.
A batch that Spark repeats after a crash ends with the same files: their content depends only on the batch's records and
on the other batches, and their names only on the batch.
"""

import logging
import secrets
import time
from collections.abc import Container, Mapping
from datetime import date
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as f

from footfall.hdfs import HdfsUnavailable
from footfall.lake import compaction, damaged_files, layout
from footfall.lake.errors import ArchiveRefused
from footfall.lake.layout import EVENTS, REJECTED, Files, Part, Store
from footfall.lake.progress import Current, Journal, Progress, Totals, ends_of, offered_ends
from footfall.names import REJECTED_PARTITIONS, TOPIC_EVENTS, TOPIC_REJECTED
from footfall.streaming import batch_keys, deduplication, record_writer, spark_schema, window_computation
from footfall.streaming.file_index import FileIndex, day_of
from footfall.streaming.identity_index import DAY_MINUTES, EPOCH, Entries, IdentityIndex
from footfall.streaming.parquet import Tables, Uri, piece_of
from footfall.streaming.record_writer import PIECES, Staged
from footfall.streaming.resume import RECOVER
from footfall.streaming.spark_failures import name_damaged_files
from footfall.streaming.window_schedule import WindowSet

# From this number of rows on, both cores share a batch, and each writes its own files.
_LARGE: Final = 20_000
log = logging.getLogger("streaming")


class _RepeatFlags(NamedTuple):
    """Flags for each row of a batch.

    repeats: the row must not be archived. again: it is a repeat whose own record is already in the archive, because
    its batch died before its progress was written, or because a recovery reads it again.
    """

    repeats: NDArray[np.bool_]
    again: NDArray[np.bool_]


class Archive:
    """The writer of `/events` and `/events_rejected`. Only one may exist at a time."""

    def __init__(self, spark: SparkSession, files: Files, uri: Uri, current: Current, latest: Progress | None) -> None:
        """uri: turns an HDFS path into a URI for Spark. latest: the latest progress of `current`."""
        self._spark = spark
        self._files = files
        self._base = uri("")
        self._tables = Tables(spark, files, uri)
        self._file_index = FileIndex(self._tables)
        self._journal = Journal(files)
        self._current = current
        self._latest = latest
        self._batch = -1
        # A folder of its own, so that late writes of an earlier driver do not touch this one's files.
        self._staging = f"{layout.STAGING}/{secrets.token_hex(4)}"
        self._staged = f"{self._staging}/events"
        self._index = IdentityIndex(self._entries)

    @property
    def latest(self) -> Progress | None:
        """The progress of the last archived batch; None before the first."""
        return self._latest

    def batch(self, records: DataFrame, number: int) -> None:
        """Archives a batch of Kafka records; Spark calls this for each batch.

        Raises HdfsUnavailable, ArchiveRefused and Spark's errors.
        """
        with name_damaged_files(self._files, self._base):
            self._archive(records, number)

    def _archive(self, records: DataFrame, number: int) -> None:
        began_ms = time.time_ns() // 1_000_000
        if fresh := self._batch < 0:
            self._clear_staging()
        self._batch = number
        before = self._progress_before(number)
        pieces = PIECES if self._offered_records(number, before) >= _LARGE else 1
        keys, staged = record_writer.stage(records, self._files, self._staged, pieces)
        events, others = keys.filter(keys["is_event"]), keys.filter(pc.invert(keys["is_event"]))
        rows = events.filter(pc.is_valid(events["hash"]))
        unreadable = int(self._is_newly_counted(events).sum() - self._is_newly_counted(rows).sum())
        totals = Totals(unreadable=unreadable)
        touched: tuple[tuple[int, int], ...] = ()
        kept = None
        if rows.num_rows:
            found = self._flag_repeats(rows)
            kept = rows.filter(pa.array(~found.repeats))
            if found.repeats.any():
                staged = record_writer.remove_records(staged, batch_keys.record_ids(rows)[found.repeats], self._files)
            self._move_events(staged, kept, fresh)
            new, counts = ~found.repeats | found.again, self._is_newly_counted(rows)
            totals = totals.plus(Totals(archived=int((counts & new).sum()), repeats=int((counts & ~new).sum())))
            touched = batch_keys.ranges(np.unique(rows["minute"].to_numpy()[~found.repeats | (found.again & counts)]))
        if others.num_rows:
            totals = totals.plus(self._archive_rejects(records))
        ends = ends_of(self._current, before)
        sums = self._current.totals if before is None else before.totals
        for topic, of_topic in ((TOPIC_EVENTS, events), (TOPIC_REJECTED, others)):
            for partition, end in batch_keys.end_offsets(of_topic).items():
                ends[topic, partition] = max(end, ends.get((topic, partition), -1))
        now_ms = time.time_ns() // 1_000_000
        progress = Progress(self._current.checkpoint, number, began_ms, now_ms, ends, touched, sums.plus(totals))
        self._journal.append(progress)
        self._latest = progress
        if kept is not None:
            self._index.add(batch_keys.entries_by_day(kept))
        self._files.delete(self._staging)

    def windows(self, window_set: WindowSet) -> pa.Table:
        """Computes windows (`window_figures.SCHEMA`) from the archived events. Raises the errors of `batch`."""
        return window_computation.compute(self._spark, self._files, self._file_index, window_set)

    def compact(self, now_ms: int, patience_s: float) -> None:
        """Merges small files, one group after another, and starts none after `patience_s`.

        now_ms: ms since 1970. Raises the errors of `batch`.
        """
        with name_damaged_files(self._files, self._base):
            self._compact(now_ms, patience_s)

    def _compact(self, now_ms: int, patience_s: float) -> None:
        compaction.finish(self._files)
        until = time.monotonic() + patience_s
        # Spark may repeat the latest batch; the one before it is committed.
        committed = self._batch - 1
        for store in (EVENTS, REJECTED):
            for values, folder in layout.folders(self._files, store).items():
                day, held = layout.day_of(values), damaged_files.refuse_empty(layout.parts(self._files, folder))
                if day is None or len(held) < 2:
                    continue
                checkpoint = self._current.checkpoint
                groups = compaction.due(store, folder, held, checkpoint, committed) or compaction.due_when_over(
                    store, folder, day, held, checkpoint, committed, now_ms
                )
                for group in groups:
                    if time.monotonic() > until:
                        return
                    compaction.carry_out(self._files, group, self._tables.merge)
                    self._file_index.merged(group)

    def _progress_before(self, number: int) -> Progress | None:
        """The progress before a batch; None for the first batch of the checkpoint. Raises ArchiveRefused."""
        if self._latest is not None and self._latest.batch == number - 1:
            return self._latest
        if self._latest is not None and self._latest.batch >= number:
            # The batch is archived, but Spark did not commit it. The same records give the same files.
            log.info("batch %d is repeated", number)
            self._index.clear()
        before = self._journal.read(self._current.checkpoint, number - 1) if number else None
        if before is None and number:
            raise ArchiveRefused(
                f"Spark runs batch {number}, but the progress of the batch before it is missing: "
                f"{layout.progress_file(self._current.checkpoint, number - 1)}. {RECOVER}"
            )
        return before

    def _offered_records(self, number: int, before: Progress | None) -> int:
        """The number of records in the batch, from Spark's offset log; 0 if that is missing or cannot be parsed."""
        content = self._files.read(f"{layout.checkpoint_folder(self._current.checkpoint)}/offsets/{number}")
        offered = {} if content is None else offered_ends(content)
        known = ends_of(self._current, before)
        return sum(end - known.get(partition, 0) for partition, end in offered.items())

    def _clear_staging(self) -> None:
        """Deletes the staged files of interrupted batches. Merged rows stay, since an intent may refer to them."""
        for entry in self._files.list(layout.STAGING):
            if entry.path != compaction.MERGING:
                self._files.delete(entry.path)

    def _flag_repeats(self, rows: pa.Table) -> _RepeatFlags:
        """Flags the rows whose identity is already archived or occurs earlier in the batch."""
        hashes = rows["hash"].to_numpy()
        lookup = self._index.look_up(batch_keys.days_of(rows["minute"].to_numpy()), hashes)
        doubtful = batch_keys.duplicated(hashes) | lookup.maybe_archived
        if not doubtful.any():
            return _RepeatFlags(doubtful, doubtful)
        spans = batch_keys.ranges(lookup.minutes)
        files = self._file_index.files(spans, leave_out=self._batch_part()) if spans else ()
        event_ids = pc.unique(rows["event_id"].filter(pa.array(lookup.maybe_archived)))
        archived = deduplication.find_archived(self._spark, self._files, files, spans, event_ids)
        repeats = deduplication.find_repeats(rows.filter(pa.array(doubtful)), archived)
        record_ids = batch_keys.record_ids(rows)
        return _RepeatFlags(np.isin(record_ids, repeats.gone), np.isin(record_ids, repeats.again))

    def _is_newly_counted(self, rows: pa.Table) -> NDArray[np.bool_]:
        """Flags the events that the totals of an earlier checkpoint do not include yet."""
        partitions = rows["kafka_partition"].to_numpy()
        until = [self._current.counted.get((TOPIC_EVENTS, p), 0) for p in range(1 + partitions.max(initial=0))]
        return np.asarray(rows["kafka_offset"].to_numpy() >= np.array(until)[partitions])

    def _is_newly_counted_reject(self) -> Column:
        """The same condition as `_is_newly_counted`, for rejects, as a Spark column."""
        until = [f.lit(self._current.counted.get((TOPIC_REJECTED, p), 0)) for p in range(REJECTED_PARTITIONS)]
        return f.col("kafka_offset") >= f.get(f.array(*until), f.col("kafka_partition"))

    def _archive_rejects(self, records: DataFrame) -> Totals:
        staged, once = f"{self._staging}/rejects", f"{self._staging}/rejects-once"
        rows = spark_schema.read_rejects(records)
        counts, observation = self._is_newly_counted_reject(), Observation()
        rejected, unreadable = f.count_if(counts & f.col("readable")), f.count_if(counts & ~f.col("readable"))
        rows = rows.observe(observation, rejected.alias("rejected"), unreadable.alias("unreadable"))
        self._tables.stage(rows.where("readable").drop("readable"), REJECTED, staged)
        paths = self._tables.staged(REJECTED, staged)
        if paths:
            # Only its Kafka record identifies a reject. Rejects that an earlier checkpoint archived are left out.
            key = ["kafka_partition", "kafka_offset", "rejected_at"]
            there = self._tables.read(
                REJECTED, self._tables.paths(REJECTED, map(day_of, paths), leave_out=self._batch_part())
            ).select(*key)
            left = self._tables.read_staged(REJECTED, staged).join(there, key, "left_anti")
            self._tables.stage(left.select(*spark_schema.rejects_schema().names), REJECTED, once)
            self._move(REJECTED, once, self._tables.staged(REJECTED, once))
        return Totals(
            rejected=int(observation.get["rejected"] or 0), unreadable=int(observation.get["unreadable"] or 0)
        )

    def _move_events(self, staged: list[Staged], kept: pa.Table, fresh: bool) -> None:
        """Renames the staged event files to their final names, and adds their minutes to the file index.

        kept: the keys of the events in these files. fresh: whether an earlier process may have archived this batch.
        """
        days = batch_keys.days_of(kept["minute"].to_numpy())
        targets: list[str] = []
        if kept.num_rows:
            if sum(file.rows for file in staged) != kept.num_rows:
                raise HdfsUnavailable(
                    f"The files staged in {self._staging} do not hold the {kept.num_rows} events that they should hold."
                )
            targets = self._move(EVENTS, self._staged, [file.path for file in staged])
            if {day_of(path) for path in targets} != set(days):
                raise HdfsUnavailable(f"The files staged in {self._staging} do not match the days of the batch.")
        if fresh:
            self._remove_others(days, targets)
        minutes = np.unique(kept["minute"].to_numpy())
        for path in targets:
            start = (day_of(path) - EPOCH).days * DAY_MINUTES
            of_day = minutes[(minutes >= start) & (minutes < start + DAY_MINUTES)]
            self._file_index.note(path, (int(of_day[0]), int(of_day[-1])))

    def _remove_others(self, days: Container[date], targets: list[str]) -> None:
        """Deletes files of this batch from an earlier release, which may have split the batch differently."""
        for values, folder in layout.folders(self._files, EVENTS).items():
            if layout.day_of(values) in days:
                for file in layout.parts(self._files, folder):
                    if layout.is_of(file.name, self._batch_part()) and file.path not in targets:
                        self._files.delete(file.path)

    def _move(self, store: Store, staged: str, paths: list[str]) -> list[str]:
        """Renames the files below the folder `staged` to their final names, which it returns.

        The last piece is renamed first: piece 0 may replace a file that held the whole batch, so the other pieces must
        be in place before that.
        """
        batch = self._batch_part()
        moves = {}
        for path in paths:
            folder = f"{store.root}{path.removeprefix(staged).rpartition('/')[0]}"
            name = Part(batch.checkpoint, batch.first, batch.last, 0, piece_of(path)).name
            if f"{folder}/{name}" in moves:
                raise HdfsUnavailable(f"Spark staged two files for {folder}/{name}, not one.")
            moves[f"{folder}/{name}"] = path
        for target in sorted(moves, reverse=True):
            self._files.make_folder(target.rpartition("/")[0])
            self._files.replace(moves[target], target)
        return list(moves)

    def _batch_part(self) -> Part:
        """The current batch as the `Part` in its file names."""
        return Part(self._current.checkpoint, self._batch, self._batch, 0)

    def _entries(self, days: list[date]) -> Mapping[date, Entries]:
        return deduplication.archived(
            self._spark, self._files, self._tables.files(EVENTS, days, leave_out=self._batch_part())
        )

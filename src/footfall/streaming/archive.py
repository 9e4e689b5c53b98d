"""Archives a batch of Kafka's records: every event once, in one file for each site and day, or in a few if it is large.

The executor writes what it reads aside, and tells the driver the identities. The driver finds those that are archived
already and writes the files that hold one anew, without it; then the files get their names. Done again after a crash at
any point, a batch ends with the same files: what they hold depends on the records and on what other batches archived,
and their names on the batch alone.
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
from footfall.names import EVENTS_PARTITIONS, REJECTED_PARTITIONS, TOPIC_EVENTS, TOPIC_REJECTED
from footfall.streaming import batch_keys, deduplication, record_writer, spark_schema, window_computation
from footfall.streaming.file_index import Holdings, day_of
from footfall.streaming.identity_index import DAY_MINUTES, EPOCH, Entries, IdentityIndex
from footfall.streaming.parquet import Tables, Uri, piece_of
from footfall.streaming.record_writer import PIECES, Staged
from footfall.streaming.resume import RECOVER
from footfall.streaming.spark_failures import naming_damaged_files
from footfall.streaming.window_schedule import Portion

# So many rows are worth the work of both cores, and files of their own.
_LARGE: Final = 20_000
log = logging.getLogger("streaming")


class _Found(NamedTuple):
    """What a batch's rows are, row by row. repeats: not to be archived; again: those of them that this very record put
    into the archive, unnoticed by its progress or read again after a recovery."""

    repeats: NDArray[np.bool_]
    again: NDArray[np.bool_]


class Archive:
    """The writer of `/events` and `/events_rejected`; there is only one at a time."""

    def __init__(self, spark: SparkSession, files: Files, uri: Uri, current: Current, latest: Progress | None) -> None:
        """uri: turns a path in HDFS into what Spark reads. latest: how far `current` is."""
        self._spark = spark
        self._files = files
        self._base = uri("")
        self._tables = Tables(spark, files, uri)
        self._holdings = Holdings(self._tables)
        self._journal = Journal(files)
        self._current = current
        self._latest = latest
        self._batch = -1
        # Of its own: what an earlier writer still does there, late, does not meet this one's files.
        self._aside = f"{layout.STAGING}/{secrets.token_hex(4)}"
        self._staged = f"{self._aside}/events"
        self._index = IdentityIndex(self._entries)

    @property
    def latest(self) -> Progress | None:
        """How far the archive is."""
        return self._latest

    def batch(self, records: DataFrame, number: int) -> None:
        """Archives a batch (Kafka's columns); what Spark calls for each.

        Raises HdfsUnavailable, ArchiveRefused and what Spark raises.
        """
        with naming_damaged_files(self._files, self._base):
            self._archive(records, number)

    def _archive(self, records: DataFrame, number: int) -> None:
        began_ms = time.time_ns() // 1_000_000
        if fresh := self._batch < 0:
            self._clear_staging()
        self._batch = number
        before = self._before(number)
        pieces = PIECES if self._offered(number, before) >= _LARGE else 1
        told, staged = record_writer.stage(records, self._files, self._staged, pieces)
        events, others = told.filter(told["is_event"]), told.filter(pc.invert(told["is_event"]))
        rows = events.filter(pc.is_valid(events["hash"]))
        unreadable = int(self._counts(events).sum() - self._counts(rows).sum())
        totals = Totals(unreadable=unreadable)
        touched: tuple[tuple[int, int], ...] = ()
        kept = None
        if rows.num_rows:
            found = self._find_repeats(rows)
            kept = rows.filter(pa.array(~found.repeats))
            if found.repeats.any():
                staged = record_writer.without(staged, batch_keys.kafka_places(rows)[found.repeats], self._files)
            self._publish(staged, kept, fresh)
            new, counts = ~found.repeats | found.again, self._counts(rows)
            totals = totals.plus(Totals(archived=int((counts & new).sum()), repeats=int((counts & ~new).sum())))
            touched = batch_keys.ranges(np.unique(rows["minute"].to_numpy()[~found.repeats | (found.again & counts)]))
        if others.num_rows:
            totals = totals.plus(self._archive_rejects(records))
        ends = ends_of(self._current, before)
        sums = self._current.totals if before is None else before.totals
        for topic, of_topic in ((TOPIC_EVENTS, events), (TOPIC_REJECTED, others)):
            for partition, end in batch_keys.ends(of_topic).items():
                ends[topic, partition] = max(end, ends.get((topic, partition), -1))
        now_ms = time.time_ns() // 1_000_000
        progress = Progress(self._current.checkpoint, number, began_ms, now_ms, ends, touched, sums.plus(totals))
        self._journal.append(progress)
        self._latest = progress
        if kept is not None:
            self._index.add(batch_keys.by_day(kept))
        self._files.delete(self._aside)

    def windows(self, portion: Portion) -> pa.Table:
        """The figures (`windows.SCHEMA`) of a portion's windows, of what is archived. Raises as `batch`."""
        return window_computation.compute(self._spark, self._files, self._holdings, portion)

    def compact(self, now_ms: int, patience_s: float) -> None:
        """Merges small files, groups one after another until patience is over. Raises as `batch`."""
        with naming_damaged_files(self._files, self._base):
            self._compact(now_ms, patience_s)

    def _compact(self, now_ms: int, patience_s: float) -> None:
        compaction.finish(self._files)
        until = time.monotonic() + patience_s
        # The batch that was begun last may be done again; the one before it is committed.
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
                    self._holdings.renamed(group)

    def _before(self, number: int) -> Progress | None:
        """How far the archive was before a batch; None if it is the checkpoint's first. Raises ArchiveRefused."""
        if self._latest is not None and self._latest.batch == number - 1:
            return self._latest
        if self._latest is not None and self._latest.batch >= number:
            # Archived already, but Spark had not committed it: the same records give the same files.
            log.info("batch %d is done again", number)
            self._index.forget()
        before = self._journal.read(self._current.checkpoint, number - 1) if number else None
        if before is None and number:
            raise ArchiveRefused(
                f"Spark does batch {number}, but {layout.progress_file(self._current.checkpoint, number - 1)}, which "
                f"says what was archived before it, is gone. {RECOVER}"
            )
        return before

    def _offered(self, number: int, before: Progress | None) -> int:
        """How many records Spark gives the batch, by its own log; 0 where that does not tell."""
        content = self._files.read(f"{layout.checkpoint_folder(self._current.checkpoint)}/offsets/{number}")
        offered = {} if content is None else offered_ends(content)
        known = ends_of(self._current, before)
        return sum(end - known.get(place, 0) for place, end in offered.items())

    def _clear_staging(self) -> None:
        """Deletes what interrupted batches left. Merged rows stay: an intent may speak of them."""
        for entry in self._files.list(layout.STAGING):
            if entry.path != compaction.MERGING:
                self._files.delete(entry.path)

    def _find_repeats(self, rows: pa.Table) -> _Found:
        """Finds the rows that are not their identity's first."""
        hashes = rows["hash"].to_numpy()
        suspicion = self._index.suspect(batch_keys.days_of(rows["minute"].to_numpy()), hashes)
        doubtful = batch_keys.several(hashes) | suspicion.perhaps
        if not doubtful.any():
            return _Found(doubtful, doubtful)
        spans = batch_keys.ranges(suspicion.minutes)
        files = self._holdings.files(spans, leave_out=self._part()) if spans else ()
        event_ids = pc.unique(rows["event_id"].filter(pa.array(suspicion.perhaps)))
        archived = deduplication.find(self._spark, self._files, files, spans, event_ids)
        judged, own = deduplication.judge(rows.filter(pa.array(doubtful)), archived), batch_keys.kafka_places(rows)
        return _Found(np.isin(own, judged.gone), np.isin(own, judged.again))

    def _counts(self, rows: pa.Table) -> NDArray[np.bool_]:
        """Whether events count in the totals, row by row: not if those of an earlier checkpoint count them already."""
        until = [self._current.counted.get((TOPIC_EVENTS, p), 0) for p in range(EVENTS_PARTITIONS)]
        return np.asarray(rows["kafka_offset"].to_numpy() >= np.array(until)[rows["kafka_partition"].to_numpy()])

    def _is_counted(self) -> Column:
        """`_counts` of rejects."""
        until = [f.lit(self._current.counted.get((TOPIC_REJECTED, p), 0)) for p in range(REJECTED_PARTITIONS)]
        return f.col("kafka_offset") >= f.get(f.array(*until), f.col("kafka_partition"))

    def _archive_rejects(self, records: DataFrame) -> Totals:
        staged, once = f"{self._aside}/rejects", f"{self._aside}/rejects-once"
        rows = spark_schema.read_rejects(records)
        counts, observation = self._is_counted(), Observation()
        told = [f.count_if(counts & f.col("readable")), f.count_if(counts & ~f.col("readable"))]
        rows = rows.observe(observation, told[0].alias("rejected"), told[1].alias("unreadable"))
        self._tables.stage(rows.where("readable").drop("readable"), REJECTED, staged)
        paths = self._tables.staged(REJECTED, staged)
        if paths:
            # A reject has no identity but its place; one that an earlier checkpoint archived is left out.
            key = ["kafka_partition", "kafka_offset", "rejected_at"]
            there = self._tables.read(
                REJECTED, self._tables.paths(REJECTED, map(day_of, paths), leave_out=self._part())
            ).select(*key)
            left = self._tables.read_staged(REJECTED, staged).join(there, key, "left_anti")
            self._tables.stage(left.select(*spark_schema.rejects_schema().names), REJECTED, once)
            self._move(REJECTED, once, self._tables.staged(REJECTED, once))
        return Totals(
            rejected=int(observation.get["rejected"] or 0), unreadable=int(observation.get["unreadable"] or 0)
        )

    def _publish(self, staged: list[Staged], kept: pa.Table, fresh: bool) -> None:
        """Gives the files of the events that are kept their names, and notes what minutes they hold.

        fresh: whether an earlier process may have done this batch before.
        """
        days = batch_keys.days_of(kept["minute"].to_numpy())
        targets: list[str] = []
        if kept.num_rows:
            if sum(file.rows for file in staged) != kept.num_rows:
                raise HdfsUnavailable(
                    f"The files staged in {self._aside} hold other events than the {kept.num_rows} to keep."
                )
            targets = self._move(EVENTS, self._staged, [file.path for file in staged])
            if {day_of(path) for path in targets} != set(days):
                raise HdfsUnavailable(f"The files staged in {self._aside} are not those of the batch's days.")
        if fresh:
            self._remove_others(days, targets)
        minutes = np.unique(kept["minute"].to_numpy())
        for path in targets:
            start = (day_of(path) - EPOCH).days * DAY_MINUTES
            of_day = minutes[(minutes >= start) & (minutes < start + DAY_MINUTES)]
            self._holdings.note(path, (int(of_day[0]), int(of_day[-1])))

    def _remove_others(self, days: Container[date], targets: list[str]) -> None:
        """Deletes what this batch was written as before, by a release that split it otherwise."""
        for values, folder in layout.folders(self._files, EVENTS).items():
            if layout.day_of(values) in days:
                for file in layout.parts(self._files, folder):
                    if layout.is_of(file.name, self._part()) and file.path not in targets:
                        self._files.delete(file.path)

    def _move(self, store: Store, staged: str, paths: list[str]) -> list[str]:
        """Gives files that lie below `staged` their names. The last piece first: one that takes the place of a whole
        comes after what it lacks."""
        batch = self._part()
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

    def _part(self) -> Part:
        """The batch at hand, as its files' names tell it."""
        return Part(self._current.checkpoint, self._batch, self._batch, 0)

    def _entries(self, days: list[date]) -> Mapping[date, Entries]:
        return deduplication.archived(
            self._spark, self._files, self._tables.files(EVENTS, days, leave_out=self._part())
        )

"""Archives a batch of Kafka's records: every event once, in one file for each site and day.

Done again after a crash at any point, a batch ends with the same files: what they hold depends on the records and on
what other batches archived, and their names on the batch alone.
"""

import logging
import secrets
import time
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as f

from footfall.hdfs import HdfsAway
from footfall.names import EVENTS_PARTITIONS, REJECTED_PARTITIONS, TOPIC_EVENTS, TOPIC_REJECTED
from footfall.streaming import columns, compaction, damage, keys, places, repeats
from footfall.streaming.compaction import Group
from footfall.streaming.index import Hashes, IdentityIndex, near
from footfall.streaming.keys import EPOCH
from footfall.streaming.places import EVENTS, REJECTED, Files, Part, Store
from footfall.streaming.progress import Current, Journal, Place, Progress, Totals
from footfall.streaming.start import RECOVER, Refused
from footfall.streaming.tables import Tables, Uri

_TOPICS: Final = ((TOPIC_EVENTS, EVENTS_PARTITIONS), (TOPIC_REJECTED, REJECTED_PARTITIONS))
log = logging.getLogger("streaming")


class _Found(NamedTuple):
    """What a batch's staged rows are, row by row. repeats: not to be archived; again: those of them that this very
    record put into the archive, unnoticed by its progress or read again after a recovery."""

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
        self._journal = Journal(files)
        self._current = current
        self._latest = latest
        self._batch = -1
        # Of its own: what an earlier writer still does there, late, does not meet this one's files.
        self._aside = f"{places.STAGING}/{secrets.token_hex(4)}"
        self._index = IdentityIndex(self._hashes)
        # Minutes of the events in a file, as far as known; spares readers of a few minutes most of a day's files.
        self._minutes: dict[str, tuple[int, int]] = {}

    @property
    def latest(self) -> Progress | None:
        """How far the archive is."""
        return self._latest

    def batch(self, records: DataFrame, number: int) -> None:
        """Archives a batch (Kafka's columns); what Spark calls for each.

        Raises HdfsAway, Refused and what Spark raises.
        """
        with damage.named(self._files, self._base):
            self._archive(records, number)

    def _archive(self, records: DataFrame, number: int) -> None:
        began_ms = time.time_ns() // 1_000_000
        if self._batch < 0:
            self._clear_staging()
        self._batch = number
        before = self._before(number)
        seen, rows = self._stage(records)
        totals = Totals(unreadable=seen["unreadable"])
        touched: tuple[tuple[int, int], ...] = ()
        kept = None
        if rows.num_rows:
            found = self._find_repeats(rows, number)
            kept = rows.filter(~found.repeats)
            self._publish(kept, self._leave_out(rows.filter(found.repeats)), number)
            new, counts = ~found.repeats | found.again, self._counts(rows)
            totals = totals.plus(Totals(archived=int((counts & new).sum()), repeats=int((counts & ~new).sum())))
            touched = keys.ranges(np.unique(rows["minute"].to_numpy()[~found.repeats | (found.again & counts)]))
        if seen["rejects"]:
            totals = totals.plus(self._archive_rejects(records, number))
        known, sums = (self._current.starts, self._current.totals) if before is None else (before.ends, before.totals)
        ends = known | {place: end for place, end in _ends(seen).items() if end > known.get(place, -1)}
        now_ms = time.time_ns() // 1_000_000
        progress = Progress(self._current.checkpoint, number, began_ms, now_ms, ends, touched, sums.plus(totals))
        self._journal.append(progress)
        self._latest = progress
        if kept is not None:
            self._index.add(keys.by_day(kept))
        self._files.delete(self._aside)

    def events(self, first: int, end: int) -> DataFrame:
        """The archived events with first ≤ minute of `event_time` < end, minutes since 1970."""
        days = {EPOCH + timedelta(days=minute // 1440) for minute in (first, end - 1)}
        span = (max(days) - min(days)).days
        wanted = [min(days) + timedelta(days=shift) for shift in range(span + 1)]
        paths = []
        for path in self._tables.paths(EVENTS, wanted):
            low, high = self._minutes.get(path, (first, first))
            if low < end and high >= first:
                paths.append(path)
        frame = self._tables.read(EVENTS, paths)
        at = f.unix_seconds("event_time")
        return frame.where((at >= first * 60) & (at < end * 60))

    def compact(self, now_ms: int, patience_s: float) -> int:
        """Merges small files, groups one after another until patience is over; returns how many. Raises as `batch`."""
        with damage.named(self._files, self._base):
            return self._compact(now_ms, patience_s)

    def _compact(self, now_ms: int, patience_s: float) -> int:
        compaction.finish(self._files)
        until, done = time.monotonic() + patience_s, 0
        # The batch that was begun last may be done again; the one before it is committed.
        committed = self._batch - 1
        for store in (EVENTS, REJECTED):
            for values, folder in places.folders(self._files, store).items():
                day, held = places.day_of(values), damage.whole(places.parts(self._files, folder))
                if day is None or len(held) < 2:
                    continue
                checkpoint = self._current.checkpoint
                groups = compaction.due(store, folder, held, checkpoint, committed) or compaction.due_when_over(
                    store, folder, day, held, checkpoint, committed, now_ms
                )
                for group in groups:
                    if time.monotonic() > until:
                        return done
                    compaction.carry_out(self._files, group, self._tables.merge)
                    self._renamed(group)
                    done += 1
        return done

    def _before(self, number: int) -> Progress | None:
        """How far the archive was before a batch; None if it is the checkpoint's first. Raises Refused."""
        if self._latest is not None and self._latest.batch == number - 1:
            return self._latest
        if self._latest is not None and self._latest.batch >= number:
            # Archived already, but Spark had not committed it: the same records give the same files.
            log.info("batch %d is done again", number)
            self._index.forget()
        before = self._journal.read(self._current.checkpoint, number - 1) if number else None
        if before is None and number:
            raise Refused(
                f"Spark does batch {number}, but {places.progress_file(self._current.checkpoint, number - 1)}, which "
                f"says what was archived before it, is gone. {RECOVER}"
            )
        return before

    def _clear_staging(self) -> None:
        """Deletes what interrupted batches left. Merged rows stay: an intent may speak of them."""
        for entry in self._files.list(places.STAGING):
            if entry.path != compaction.MERGING:
                self._files.delete(entry.path)

    def _stage(self, records: DataFrame) -> tuple[dict[str, int], pa.Table]:
        """Writes the readable events aside; returns what was seen of the batch, and a row for each staged event."""
        observation, unreadable = Observation(), Observation()
        counted = records.observe(observation, *_observed())
        events = columns.read_events(counted.where(f.col("topic") == TOPIC_EVENTS))
        bad = ~f.col("readable") & self._is_counted(TOPIC_EVENTS)
        events = events.observe(unreadable, f.count_if(bad).alias("unreadable"))
        self._tables.stage(events.where("readable").drop("readable"), EVENTS, f"{self._aside}/events")
        seen = {name: int(value or 0) for name, value in {**observation.get, **unreadable.get}.items()}
        return seen, self._keys(self._staged())

    def _find_repeats(self, rows: pa.Table, number: int) -> _Found:
        """Finds the staged rows that are not their identity's first."""
        days, hashes = list(keys.by_day(rows)), rows["hash"].to_numpy()
        doubtful = keys.several(hashes) | self._index.perhaps(days, hashes)
        if not doubtful.any():
            return _Found(doubtful, doubtful)
        asked = f.broadcast(
            self._spark.createDataFrame(rows.filter(doubtful).select(["kafka_partition", "kafka_offset"]))
        )
        staged = self._staged().join(asked, ["kafka_partition", "kafka_offset"]).select(*repeats.COLUMNS)
        hashed = f.broadcast(self._spark.createDataFrame(pa.table({"hash": np.unique(hashes[doubtful])})))
        archived = self._tables.read(EVENTS, self._tables.paths(EVENTS, near(days), leave_out=self._name(number)))
        archived = archived.select(*repeats.COLUMNS, columns.identity_hash().alias("hash"))
        archived = archived.join(hashed, "hash", "left_semi").select(*repeats.COLUMNS)
        judged, own = repeats.judge(staged.toArrow(), archived.toArrow()), keys.kafka_places(rows)
        return _Found(np.isin(own, judged.gone), np.isin(own, judged.again))

    def _leave_out(self, dropped: pa.Table) -> str:
        """The folder of the staged rows without these; they are staged anew for that."""
        if not dropped.num_rows:
            return f"{self._aside}/events"
        gone = self._spark.createDataFrame(dropped.select(["kafka_partition", "kafka_offset"]))
        left = self._staged().join(f.broadcast(gone), ["kafka_partition", "kafka_offset"], "left_anti")
        self._tables.stage(left.select(*columns.archive_schema().names), EVENTS, f"{self._aside}/once")
        return f"{self._aside}/once"

    def _is_counted(self, topic: str) -> Column:
        """Whether a record counts in the totals: not if those of an earlier checkpoint count it already."""
        until = [f.lit(self._current.counted.get((topic, p), 0)) for p in range(dict(_TOPICS)[topic])]
        return f.col("kafka_offset") >= f.get(f.array(*until), f.col("kafka_partition"))

    def _counts(self, rows: pa.Table) -> NDArray[np.bool_]:
        """`_is_counted` of events, row by row."""
        until = [self._current.counted.get((TOPIC_EVENTS, p), 0) for p in range(EVENTS_PARTITIONS)]
        return np.asarray(rows["kafka_offset"].to_numpy() >= np.array(until)[rows["kafka_partition"].to_numpy()])

    def _archive_rejects(self, records: DataFrame, number: int) -> Totals:
        staged, once = f"{self._aside}/rejects", f"{self._aside}/rejects-once"
        rows = columns.read_rejects(records.where(f.col("topic") == TOPIC_REJECTED))
        counts, observation = self._is_counted(TOPIC_REJECTED), Observation()
        told = [f.count_if(counts & f.col("readable")), f.count_if(counts & ~f.col("readable"))]
        rows = rows.observe(observation, told[0].alias("rejected"), told[1].alias("unreadable"))
        self._tables.stage(rows.where("readable").drop("readable"), REJECTED, staged)
        paths = self._tables.staged(REJECTED, staged)
        if paths:
            # A reject has no identity but its place; one that an earlier checkpoint archived is left out.
            key = ["kafka_partition", "kafka_offset", "rejected_at"]
            there = self._tables.read(
                REJECTED, self._tables.paths(REJECTED, map(_day, paths), leave_out=self._name(number))
            ).select(*key)
            left = self._tables.read_staged(REJECTED, staged).join(there, key, "left_anti")
            self._tables.stage(left.select(*columns.rejects_schema().names), REJECTED, once)
            self._move(REJECTED, once, number)
        return Totals(
            rejected=int(observation.get["rejected"] or 0), unreadable=int(observation.get["unreadable"] or 0)
        )

    def _publish(self, kept: pa.Table, staged: str, number: int) -> None:
        """Gives the staged files of events their names, and notes what minutes they hold."""
        minutes = np.unique(kept["minute"].to_numpy())
        targets = self._move(EVENTS, staged, number)
        if {_day(path) for path in targets} != set(keys.by_day(kept)):
            raise HdfsAway(f"The staged files in {staged} are not those of the batch's days.")
        for path in targets:
            start = (_day(path) - EPOCH).days * 1440
            of_day = minutes[(minutes >= start) & (minutes < start + 1440)]
            self._minutes[path] = int(of_day[0]), int(of_day[-1])

    def _move(self, store: Store, staged: str, number: int) -> list[str]:
        name = self._name(number)
        moves = {}
        for path in self._tables.staged(store, staged):
            folder = f"{store.root}{path.removeprefix(staged).rpartition('/')[0]}"
            if f"{folder}/{name}" in moves:
                raise HdfsAway(f"Spark staged two files for {folder}, not one.")
            moves[f"{folder}/{name}"] = path
        for target, path in moves.items():
            self._files.make_folder(target.rpartition("/")[0])
            self._files.replace(path, target)
        return list(moves)

    def _renamed(self, group: Group) -> None:
        known = [self._minutes.pop(source, None) for source in group.sources]
        ranges = [minutes for minutes in known if minutes is not None]
        if len(ranges) == len(known):
            self._minutes[group.target] = min(low for low, _ in ranges), max(high for _, high in ranges)

    def _name(self, number: int) -> str:
        """A batch's files' name."""
        return Part(self._current.checkpoint, number, number, 0).name

    def _staged(self) -> DataFrame:
        return self._tables.read_staged(EVENTS, f"{self._aside}/events")

    def _hashes(self, days: list[date]) -> Mapping[date, Hashes]:
        paths = self._tables.paths(EVENTS, days, leave_out=self._name(self._batch))
        if not paths:
            return {}
        rows = self._tables.read(EVENTS, paths).select("dt", columns.identity_hash().alias("hash")).toArrow()
        return keys.by_day(rows)

    def _keys(self, staged: DataFrame) -> pa.Table:
        minute = f.floor(f.unix_seconds("event_time") / 60).alias("minute")
        return staged.select(
            columns.identity_hash().alias("hash"), "dt", "kafka_partition", "kafka_offset", minute
        ).toArrow()


def _observed() -> list[Any]:
    """What is to be known of a batch's records: the next offset of each partition, and how many rejects there are."""
    ends = [
        f.max(f.when((f.col("topic") == topic) & (f.col("partition") == p), f.col("offset") + 1)).alias(f"{topic}/{p}")
        for topic, partitions in _TOPICS
        for p in range(partitions)
    ]
    return [*ends, f.count_if(f.col("topic") == TOPIC_REJECTED).alias("rejects")]


def _ends(seen: Mapping[str, int]) -> dict[Place, int]:
    return {
        (topic, p): seen[f"{topic}/{p}"] for topic, count in _TOPICS for p in range(count) if seen[f"{topic}/{p}"] > 0
    }


def _day(path: str) -> date:
    """The day of the folder that a file lies in."""
    return date.fromisoformat(path.rpartition("/")[0].rpartition("dt=")[2])

"""Archives a batch of Kafka's records: every event once, in one file for each site and day.

Done again after a crash at any point, a batch ends with the same files: what they hold depends on the records and on
what other batches archived, and their names on the batch alone.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as f

from footfall.names import EVENTS_PARTITIONS, REJECTED_PARTITIONS, TOPIC_EVENTS, TOPIC_REJECTED
from footfall.streaming import columns, compaction, places
from footfall.streaming.compaction import Group
from footfall.streaming.index import Hashes, IdentityIndex, near
from footfall.streaming.places import EVENTS, REJECTED, Files, Part, Store
from footfall.streaming.progress import Current, Journal, Place, Progress, Totals, ends_of

_EPOCH: Final = date(1970, 1, 1)
_TOPICS: Final = ((TOPIC_EVENTS, EVENTS_PARTITIONS), (TOPIC_REJECTED, REJECTED_PARTITIONS))
log = logging.getLogger("streaming")
Uri = Callable[[str], str]


class Archive:
    """The writer of `/events` and `/events_rejected`; there is only one at a time."""

    def __init__(self, spark: SparkSession, files: Files, uri: Uri, current: Current, latest: Progress | None) -> None:
        """uri: turns a path in HDFS into what Spark reads. latest: how far `current` is."""
        self._spark = spark
        self._files = files
        self._uri = uri
        self._journal = Journal(files)
        self._current = current
        self._latest = latest
        self._batch = -1
        self._index = IdentityIndex(self._hashes)
        # Minutes of the events in a file, as far as known; spares readers of a few minutes most of a day's files.
        self._minutes: dict[str, tuple[int, int]] = {}

    @property
    def latest(self) -> Progress | None:
        """How far the archive is."""
        return self._latest

    def batch(self, records: DataFrame, number: int) -> None:
        """Archives a batch (Kafka's columns); what Spark calls for each. Raises HdfsAway and what Spark raises."""
        began_ms = time.time_ns() // 1_000_000
        self._batch = number
        before = None if self._latest is None else self._latest.batch
        if before is not None and number <= before:
            # Archived already, but Spark had not committed it: the same records give the same files.
            log.info("batch %d is done again", number)
            self._latest = self._journal.read(self._current.checkpoint, number - 1) if number else None
            self._index.forget()
        seen, rows = self._stage(records, number)
        known = ends_of(self._current, self._latest)
        totals = Totals(unreadable=seen["unreadable"], archived=0)
        touched: tuple[tuple[int, int], ...] = ()
        if rows is not None and rows.num_rows:
            repeats = self._drop_repeats(rows, number)
            kept = rows.filter(~repeats) if repeats.any() else rows
            touched = self._publish(EVENTS, number, kept)
            totals = totals.plus(Totals(archived=kept.num_rows, repeats=rows.num_rows - kept.num_rows))
        else:
            kept = None
        if seen["rejects"]:
            totals = totals.plus(self._archive_rejects(records, number))
        sums = (self._current.totals if self._latest is None else self._latest.totals).plus(totals)
        ends = known | {place: end for place, end in _ends(seen).items() if end > known.get(place, -1)}
        now_ms = time.time_ns() // 1_000_000
        progress = Progress(self._current.checkpoint, number, began_ms, now_ms, ends, touched, sums)
        self._journal.append(progress)
        self._latest = progress
        if kept is not None:
            self._index.add(_by_day(kept))
        self._files.delete(f"{places.STAGING}/{number}")

    def events(self, first: int, end: int) -> DataFrame:
        """The archived events with first ≤ minute of `event_time` < end, minutes since 1970."""
        days = {_EPOCH + timedelta(days=minute // 1440) for minute in (first, end - 1)}
        span = (max(days) - min(days)).days
        wanted = [min(days) + timedelta(days=shift) for shift in range(span + 1)]
        paths = []
        for path in self._paths(EVENTS, wanted):
            low, high = self._minutes.get(path, (first, first))
            if low < end and high >= first:
                paths.append(path)
        frame = self._read(EVENTS, paths)
        at = f.unix_seconds("event_time")
        return frame.where((at >= first * 60) & (at < end * 60))

    def compact(self, now_ms: int, patience_s: float) -> int:
        """Merges small files, groups one after another until patience is over; returns how many. Raises as `batch`."""
        until, done = time.monotonic() + patience_s, 0
        # The batch that was begun last may be done again; the one before it is committed.
        committed = self._batch - 1
        for store in (EVENTS, REJECTED):
            for values, folder in places.folders(self._files, store).items():
                day, held = places.day_of(values), places.parts(self._files, folder)
                if day is None or len(held) < 2:
                    continue
                checkpoint = self._current.checkpoint
                groups = compaction.due(store, folder, held, checkpoint, committed) or compaction.due_when_over(
                    store, folder, day, held, checkpoint, committed, now_ms
                )
                for group in groups:
                    if time.monotonic() > until:
                        return done
                    compaction.carry_out(self._files, group, self._merge)
                    self._renamed(group)
                    done += 1
        return done

    def _stage(self, records: DataFrame, number: int) -> tuple[dict[str, int], pa.Table | None]:
        """Writes the readable events aside; returns what was seen of the batch, and a row for each staged event."""
        staged = f"{places.STAGING}/{number}"
        self._files.delete(staged)
        observation = Observation()
        counted = records.observe(observation, *_observed())
        events = columns.read_events(counted.where(f.col("topic") == TOPIC_EVENTS))
        unreadable = Observation()
        events = events.observe(unreadable, f.count_if(~f.col("readable")).alias("unreadable"))
        self._write(events.where("readable").drop("readable"), EVENTS, f"{staged}/events")
        seen = {name: int(value or 0) for name, value in {**observation.get, **unreadable.get}.items()}
        paths = _below(self._files, f"{staged}/events", len(EVENTS.columns))
        return seen, self._keys(self._read(EVENTS, paths, f"{staged}/events")) if paths else None

    def _drop_repeats(self, rows: pa.Table, number: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Finds the staged rows that are not their identity's first, and stages the batch anew without them."""
        hashes = rows["hash"].to_numpy()
        days = _days(rows)
        order = np.lexsort((rows["kafka_offset"].to_numpy(), hashes))
        twice = np.zeros(len(hashes), dtype=np.bool_)
        same = hashes[order][1:] == hashes[order][:-1]
        twice[order[1:]] |= same
        twice[order[:-1]] |= same
        doubtful = twice | self._index.perhaps(days, hashes)
        if not doubtful.any():
            return doubtful
        repeats = self._repeats(rows.filter(doubtful), days, number)
        drop = np.zeros(len(hashes), dtype=np.bool_)
        if repeats.num_rows:
            place = rows["kafka_partition"].to_numpy().astype(np.int64) << 48 | rows["kafka_offset"].to_numpy()
            gone = repeats["kafka_partition"].to_numpy().astype(np.int64) << 48 | repeats["kafka_offset"].to_numpy()
            drop = np.isin(place, gone)
            staged = f"{places.STAGING}/{number}"
            left = self._staged(number).join(
                f.broadcast(self._spark.createDataFrame(repeats)), ["kafka_partition", "kafka_offset"], "left_anti"
            )
            self._write(left.select(*columns.archive_schema().names), EVENTS, f"{staged}/once")
        return drop

    def _repeats(self, doubtful: pa.Table, days: set[date], number: int) -> pa.Table:
        """Partition and offset of those rows that are truly repeats, by the identities themselves."""
        asked = self._spark.createDataFrame(doubtful.select(["kafka_partition", "kafka_offset", "hash"]))
        rows = self._staged(number).join(f.broadcast(asked), ["kafka_partition", "kafka_offset"])
        rows = rows.select("session_id", "event_id", "kafka_partition", "kafka_offset", "hash")
        archived = self._read(EVENTS, self._paths(EVENTS, near(days), leave_out=number))
        archived = archived.select("session_id", "event_id", columns.identity_hash().alias("hash"))
        archived = archived.join(f.broadcast(asked.select("hash").distinct()), "hash", "left_semi")
        first = rows.groupBy("session_id", "event_id").agg(f.min("kafka_offset").alias("first"))
        there = archived.select("session_id", "event_id").distinct().withColumn("there", f.lit(True))
        judged = rows.join(first, ["session_id", "event_id"]).join(there, ["session_id", "event_id"], "left")
        repeats = judged.where((f.col("kafka_offset") > f.col("first")) | f.col("there"))
        return repeats.select("kafka_partition", "kafka_offset").toArrow()

    def _archive_rejects(self, records: DataFrame, number: int) -> Totals:
        staged = f"{places.STAGING}/{number}/rejects"
        rows = columns.read_rejects(records.where(f.col("topic") == TOPIC_REJECTED))
        observation = Observation()
        rows = rows.observe(observation, f.count_if(~f.col("readable")).alias("unreadable"))
        self._write(rows.where("readable").drop("readable"), REJECTED, staged)
        paths = _below(self._files, staged, len(REJECTED.columns))
        new = self._read(REJECTED, paths, staged)
        held = 0
        if paths:
            # A reject has no identity but its place; one that an earlier checkpoint archived is left out.
            key = ["kafka_partition", "kafka_offset", "rejected_at"]
            days = [day for path in paths if (day := date.fromisoformat(path.split("dt=")[1][:10]))]
            there = self._read(REJECTED, self._paths(REJECTED, days, leave_out=number)).select(*key)
            left = new.join(there, key, "left_anti").select(*columns.rejects_schema().names)
            once = f"{staged}-once"
            counted = Observation()
            self._write(left.observe(counted, f.count(f.lit(1)).alias("rows")), REJECTED, once)
            held = int(counted.get["rows"])
            self._move(REJECTED, once, number)
        return Totals(rejected=held, unreadable=int(observation.get["unreadable"] or 0))

    def _publish(self, store: Store, number: int, kept: pa.Table) -> tuple[tuple[int, int], ...]:
        """Gives the staged files their names. Returns the minutes of their events, as ranges."""
        staged = f"{places.STAGING}/{number}"
        folder = f"{staged}/once" if self._files.exists(f"{staged}/once") else f"{staged}/events"
        minutes = np.unique(kept["minute"].to_numpy())
        for path in self._move(store, folder, number):
            if len(minutes):
                day = date.fromisoformat(path.split("dt=")[1][:10])
                start = (day - _EPOCH).days * 1440
                of_day = minutes[(minutes >= start) & (minutes < start + 1440)]
                if len(of_day):
                    self._minutes[path] = int(of_day[0]), int(of_day[-1])
        return _ranges(minutes)

    def _move(self, store: Store, staged: str, number: int) -> list[str]:
        name = Part(self._current.checkpoint, number, number, 0).name
        targets = []
        for path in _below(self._files, staged, len(store.columns)):
            folder = f"{store.root}{path.removeprefix(staged).rpartition('/')[0]}"
            self._files.make_folder(folder)
            self._files.replace(path, f"{folder}/{name}")
            targets.append(f"{folder}/{name}")
        return targets

    def _write(self, rows: DataFrame, store: Store, folder: str) -> None:
        """One file for each of the store's folders, below `folder`."""
        by_folder = rows.repartition(*store.columns).sortWithinPartitions(*store.columns, _time_of(store))
        by_folder.write.mode("overwrite").partitionBy(*store.columns).parquet(self._uri(folder))

    def _merge(self, group: Group, folder: str) -> None:
        rows = self._read(group.store, group.sources).drop(*group.store.columns)
        merged = rows.coalesce(1).sortWithinPartitions(_time_of(group.store))
        merged.write.mode("overwrite").parquet(self._uri(folder))

    def _renamed(self, group: Group) -> None:
        known = [self._minutes.pop(source, None) for source in group.sources]
        ranges = [minutes for minutes in known if minutes is not None]
        if len(ranges) == len(known):
            self._minutes[group.target] = min(low for low, _ in ranges), max(high for _, high in ranges)

    def _staged(self, number: int) -> DataFrame:
        folder = f"{places.STAGING}/{number}/events"
        return self._read(EVENTS, _below(self._files, folder, len(EVENTS.columns)), folder)

    def _read(self, store: Store, paths: Iterable[str], base: str | None = None) -> DataFrame:
        schema = columns.archive_schema() if store is EVENTS else columns.rejects_schema()
        found = [self._uri(path) for path in paths]
        if not found:
            return self._spark.createDataFrame([], schema)
        return self._spark.read.schema(schema).option("basePath", self._uri(base or store.root)).parquet(*found)

    def _paths(self, store: Store, days: Iterable[date], leave_out: int | None = None) -> list[str]:
        """The files of these days. leave_out: without those of that batch, which is being done."""
        wanted = set(days)
        own = None if leave_out is None else Part(self._current.checkpoint, leave_out, leave_out, 0).name
        return [
            file.path
            for values, folder in places.folders(self._files, store).items()
            if places.day_of(values) in wanted
            for file in places.parts(self._files, folder)
            if file.name != own
        ]

    def _hashes(self, days: list[date]) -> Mapping[date, Hashes]:
        paths = self._paths(EVENTS, days, leave_out=self._batch)
        if not paths:
            return {}
        rows = self._read(EVENTS, paths).select("dt", columns.identity_hash().alias("hash")).toArrow()
        return _by_day(rows)

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


def _time_of(store: Store) -> str:
    return "event_time" if store is EVENTS else "rejected_at"


def _below(files: Files, folder: str, depth: int) -> list[str]:
    """The Parquet files that Spark wrote below a folder, so many folders down."""
    level = [folder]
    for _ in range(depth):
        level = [entry.path for one in level for entry in files.list(one) if entry.is_folder and "=" in entry.name]
    return [file.path for one in level for file in files.list(one) if file.name.endswith(".parquet")]


def _days(rows: pa.Table) -> set[date]:
    return {
        _EPOCH + timedelta(days=int(day))
        for day in np.unique(rows["dt"].to_numpy().astype("datetime64[D]").astype(int))
    }


def _day_numbers(rows: pa.Table) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Days since 1970."""
    return np.asarray(rows["dt"].to_numpy().astype("datetime64[D]"), dtype=np.int64)


def _by_day(rows: pa.Table) -> dict[date, Hashes]:
    days = _day_numbers(rows)
    hashes = rows["hash"].to_numpy()
    return {_EPOCH + timedelta(days=int(day)): hashes[days == day] for day in np.unique(days)}


def _ranges(minutes: np.ndarray[Any, Any]) -> tuple[tuple[int, int], ...]:
    if not len(minutes):
        return ()
    breaks = np.flatnonzero(np.diff(minutes) > 1)
    firsts = minutes[np.concatenate(([0], breaks + 1))]
    lasts = minutes[np.concatenate((breaks, [len(minutes) - 1]))]
    return tuple((int(a), int(b)) for a, b in zip(firsts, lasts, strict=True))

"""Which of a batch's doubtful rows are repeats, judged by the identities themselves.

Tables have the columns `session_id`, `event_id`, `kafka_partition`, `kafka_offset`.
"""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import SparkSession

from footfall.hdfs import FileStatus
from footfall.lake import archive_reader
from footfall.lake.layout import Files
from footfall.lake.schema import archived as archived_columns
from footfall.streaming import python_workers
from footfall.streaming.batch_keys import by_day, kafka_places, several
from footfall.streaming.identity_index import Entries
from footfall.streaming.record_decoder import identity_hashes

COLUMNS: Final = ("session_id", "event_id", "kafka_partition", "kafka_offset")
_SCHEMA: Final = pa.schema([archived_columns().field(name) for name in COLUMNS])
_ENTRIES: Final = pa.schema([("hash", pa.int64()), ("minute", pa.int64())])
# One for each core of the executor.
_TASKS: Final = 2
Identity = tuple[str, str]


class Repeats(NamedTuple):
    """Places in Kafka of rows that are not to be archived.

    again: of those among them that this very record put into the archive: its batch died before its progress told of
    it, or a recovery reads it again.
    """

    gone: NDArray[np.int64]
    again: NDArray[np.int64]


def archived(spark: SparkSession, files: Files, asked: Sequence[FileStatus]) -> dict[date, Entries]:
    """The hashes of all identities in those files, by day: Spark's Python workers read them. Raises as `find`."""
    found = python_workers.each(spark, partial(_entries, files), _parted(asked))
    return by_day(pa.concat_tables([_ENTRIES.empty_table(), *found]))


def _entries(files: Files, asked: Sequence[FileStatus]) -> pa.Table:
    found = []
    for file in asked:
        for rows in archive_reader.groups(files, file, ("event_id", "event_time")):
            hashes = identity_hashes(rows["event_id"].combine_chunks())
            found.append(pa.table([hashes, archive_reader.minutes_of(rows)], schema=_ENTRIES))
    return pa.concat_tables([_ENTRIES.empty_table(), *found])


def find(
    spark: SparkSession,
    files: Files,
    asked: Sequence[FileStatus],
    spans: Sequence[archive_reader.Span],
    event_ids: pa.Array,
) -> pa.Table:
    """The archived rows of these events in the files asked for, of these minutes: Spark's Python workers look.

    Raises HdfsUnavailable, ArchiveRefused for a damaged file, and what Spark raises.
    """
    found = python_workers.each(spark, partial(_find, files, spans, event_ids), _parted(asked))
    return pa.concat_tables([_SCHEMA.empty_table(), *found])


def _find(
    files: Files, spans: Sequence[archive_reader.Span], event_ids: pa.Array, asked: Sequence[FileStatus]
) -> pa.Table:
    found = []
    for file in asked:
        there = archive_reader.read(files, file, spans, (*COLUMNS, "event_time"))
        found.append(there.filter(pc.is_in(there["event_id"], value_set=event_ids)).select(COLUMNS).cast(_SCHEMA))
    return pa.concat_tables(found)


def _parted(asked: Sequence[FileStatus]) -> list[tuple[FileStatus, ...]]:
    return [tuple(part) for part in (asked[n::_TASKS] for n in range(_TASKS)) if part]


def judge(rows: pa.Table, archived: pa.Table) -> Repeats:
    """rows: of one batch, all of each identity. archived: at least all rows of these identities that may be theirs.

    Of an identity the record with the lowest offset counts.
    """
    there: dict[Identity, set[int]] = {}
    for identity, _, place in _each(archived):
        there.setdefault(identity, set()).add(place)
    first: dict[Identity, tuple[int, int]] = {}
    for identity, offset, place in _each(rows):
        first[identity] = min((offset, place), first.get(identity, (offset, place)))
    gone, again = [], []
    for identity, _, place in _each(rows):
        known = there.get(identity)
        if known is not None or place != first[identity][1]:
            gone.append(place)
            if known is not None and place in known:
                again.append(place)
    return Repeats(np.array(gone, dtype=np.int64), np.array(again, dtype=np.int64))


def first_of_each(events: pa.Table) -> pa.Table:
    """Events of whole partitions, each identity once: those that `judge` leaves where nothing is archived."""
    doubtful = several(identity_hashes(events["event_id"].combine_chunks()).to_numpy())
    gone = judge(events.filter(pa.array(doubtful)), _SCHEMA.empty_table()).gone
    return events.filter(pa.array(np.isin(kafka_places(events), gone, invert=True))) if len(gone) else events


def _each(rows: pa.Table) -> list[tuple[Identity, int, int]]:
    """Identity, offset and place of each row."""
    identities = zip(rows["session_id"].to_pylist(), rows["event_id"].to_pylist(), strict=True)
    return list(zip(identities, rows["kafka_offset"].to_pylist(), kafka_places(rows).tolist(), strict=True))

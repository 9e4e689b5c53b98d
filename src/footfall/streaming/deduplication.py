"""Finds the repeats among a batch's suspected rows by comparing the identities themselves.

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
from footfall.streaming.batch_keys import duplicated, entries_by_day, record_ids
from footfall.streaming.identity_index import Entries
from footfall.streaming.record_decoder import identity_hashes

COLUMNS: Final = ("session_id", "event_id", "kafka_partition", "kafka_offset")
_SCHEMA: Final = pa.schema([archived_columns().field(name) for name in COLUMNS])
_ENTRIES: Final = pa.schema([("hash", pa.int64()), ("minute", pa.int64())])
# One for each core of the executor.
_TASKS: Final = 2
Identity = tuple[str, str]


class Repeats(NamedTuple):
    """Record ids (`batch_keys.record_ids`) of rows that must not be archived.

    gone: all these rows. again: those of them whose own record is already in the archive, because its batch died
    before its progress was written, or because a recovery reads it again.
    """

    gone: NDArray[np.int64]
    again: NDArray[np.int64]


def archived(spark: SparkSession, files: Files, asked: Sequence[FileStatus]) -> dict[date, Entries]:
    """The hashes of all identities in these files, by day. Spark's Python workers read the files.

    Raises the errors of `find_archived`.
    """
    found = python_workers.run_tasks(spark, partial(_entries, files), _parted(asked))
    return entries_by_day(pa.concat_tables([_ENTRIES.empty_table(), *found]))


def _entries(files: Files, asked: Sequence[FileStatus]) -> pa.Table:
    found = []
    for file in asked:
        for rows in archive_reader.groups(files, file, ("event_id", "event_time")):
            hashes = identity_hashes(rows["event_id"].combine_chunks())
            found.append(pa.table([hashes, archive_reader.minutes_of(rows)], schema=_ENTRIES))
    return pa.concat_tables([_ENTRIES.empty_table(), *found])


def find_archived(
    spark: SparkSession,
    files: Files,
    asked: Sequence[FileStatus],
    spans: Sequence[archive_reader.Span],
    event_ids: pa.Array,
) -> pa.Table:
    """The archived rows with these event ids whose minute lies in `spans`. Spark's Python workers read the files.

    Raises HdfsUnavailable, ArchiveRefused for a damaged file, and Spark's errors.
    """
    found = python_workers.run_tasks(spark, partial(_find_archived, files, spans, event_ids), _parted(asked))
    return pa.concat_tables([_SCHEMA.empty_table(), *found])


def _find_archived(
    files: Files, spans: Sequence[archive_reader.Span], event_ids: pa.Array, asked: Sequence[FileStatus]
) -> pa.Table:
    found = []
    for file in asked:
        there = archive_reader.read(files, file, spans, (*COLUMNS, "event_time"))
        found.append(there.filter(pc.is_in(there["event_id"], value_set=event_ids)).select(COLUMNS).cast(_SCHEMA))
    return pa.concat_tables(found)


def _parted(asked: Sequence[FileStatus]) -> list[tuple[FileStatus, ...]]:
    return [tuple(part) for part in (asked[n::_TASKS] for n in range(_TASKS)) if part]


def find_repeats(rows: pa.Table, archived: pa.Table) -> Repeats:
    """Finds the rows of a batch that repeat an archived identity or an earlier record of the batch.

    rows: all rows of each suspected identity in the batch. archived: at least all archived rows of these identities.
    The record with the lowest offset of an identity is its first.
    """
    there: dict[Identity, set[int]] = {}
    for identity, _, record_id in _each(archived):
        there.setdefault(identity, set()).add(record_id)
    first: dict[Identity, tuple[int, int]] = {}
    for identity, offset, record_id in _each(rows):
        first[identity] = min((offset, record_id), first.get(identity, (offset, record_id)))
    gone, again = [], []
    for identity, _, record_id in _each(rows):
        known = there.get(identity)
        if known is not None or record_id != first[identity][1]:
            gone.append(record_id)
            if known is not None and record_id in known:
                again.append(record_id)
    return Repeats(np.array(gone, dtype=np.int64), np.array(again, dtype=np.int64))


def without_repeats(events: pa.Table) -> pa.Table:
    """Removes repeats within the events of whole partitions, as `find_repeats` does without archived rows."""
    doubtful = duplicated(identity_hashes(events["event_id"].combine_chunks()).to_numpy())
    gone = find_repeats(events.filter(pa.array(doubtful)), _SCHEMA.empty_table()).gone
    return events.filter(pa.array(np.isin(record_ids(events), gone, invert=True))) if len(gone) else events


def _each(rows: pa.Table) -> list[tuple[Identity, int, int]]:
    """The identity, offset and record id of each row."""
    identities = zip(rows["session_id"].to_pylist(), rows["event_id"].to_pylist(), strict=True)
    return list(zip(identities, rows["kafka_offset"].to_pylist(), record_ids(rows).tolist(), strict=True))

"""Reads a batch's records and writes its events as Parquet, from Spark's Python workers straight into HDFS."""

import gc
import io
import secrets
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyspark import TaskContext
from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from pyspark.sql.pandas.types import from_arrow_schema

from footfall.hdfs import HdfsUnavailable
from footfall.lake import schema
from footfall.lake.layout import EVENTS, Files
from footfall.names import TOPIC_EVENTS
from footfall.streaming import batch_keys, deduplication, record_decoder

# A large batch is written as so many files of each folder: one for each core of the executor.
PIECES: Final = 2
# What a task tells: its records' keys, a thousand as one stream of Arrow's, which Spark only carries; then its files.
_TOLD: Final = pa.schema([("keys", pa.binary()), ("path", pa.string()), ("rows", pa.int64())])


class Staged(NamedTuple):
    """A file that was written aside. rows: how many events it holds."""

    path: str
    rows: int


def stage(records: DataFrame, files: Files, folder: str, pieces: int) -> tuple[pa.Table, list[Staged]]:
    """Reads Kafka's records and writes the events that can be read, a file for each app and day, or `pieces` of them.

    Which piece a record goes into follows from its
    partition alone. A task that is done again writes other files, of which nobody is told. Returns a row for each
    record (`record_decoder.KEYS`), and the files.
    Raises what Spark raises, with the sentence of a HdfsUnavailable in it.
    """
    asked = records.select((f.col("topic") == TOPIC_EVENTS).alias("is_event"), "partition", "offset", "value")
    # Few records are one task: parting them would cost more than it gains.
    parted = asked.coalesce(1) if pieces == 1 else asked.repartitionById(pieces, f.col("partition") % pieces)
    found = parted.mapInArrow(partial(_write, files, folder), from_arrow_schema(_TOLD)).toArrow().to_pylist()
    told = [pa.ipc.open_stream(row["keys"]).read_all() for row in found if row["keys"] is not None]
    staged = [Staged(row["path"], row["rows"]) for row in found if row["path"] is not None]
    return pa.concat_tables([record_decoder.KEYS.empty_table(), *told]), staged


def without(staged: list[Staged], left_out: NDArray[np.int64], files: Files) -> list[Staged]:
    """The files without the events at these places (`batch_keys.kafka_places`).

    A file that holds one of them is written anew, or left out if it holds nothing else. Raises HdfsUnavailable."""
    with ThreadPoolExecutor(PIECES) as pool:
        found = list(pool.map(lambda file: _without(file, left_out, files), staged))
    return [file for file in found if file.rows]


def _without(file: Staged, left_out: NDArray[np.int64], files: Files) -> Staged:
    content = files.read(file.path)
    if content is None:
        raise HdfsUnavailable(f"{file.path}, written just now, is gone.")
    parquet = pq.ParquetFile(pa.BufferReader(content))
    places = batch_keys.kafka_places(parquet.read([name for name, _ in schema.ORIGIN]))
    stays = np.isin(places, left_out, invert=True)
    kept = int(stays.sum())
    if kept == file.rows or not kept:
        return Staged(file.path, kept)
    path = file.path.removesuffix(".parquet") + "-once.parquet"
    files.write(path, _parquet(parquet.read().filter(pa.array(stays))))
    return Staged(path, kept)


def _write(files: Files, folder: str, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    context = TaskContext.get()
    # As Spark names its own: by the task, and by chance.
    name = f"part-{0 if context is None else context.partitionId():05}-{secrets.token_hex(8)}.parquet"
    events = []
    # Looking through a thousand events for cycles, which they have none of, took two fifths of the time.
    gc.disable()
    try:
        for batch in batches:
            if batch.num_rows:
                read = record_decoder.read(*batch.columns)
                events.append(read.events)
                yield _told(keys=_stream(read.keys))
    finally:
        gc.enable()
    app_column, day_column = EVENTS.columns
    # What is written without its repeats need not be written anew: a retry mostly follows what it repeats.
    once = [deduplication.first_of_each(pa.concat_tables(events))] if events else []
    events.clear()
    for app, day, mine in (file for table in once for file in record_decoder.by_folder(table)):
        path = f"{folder}/{app_column}={app}/{day_column}={day}/{name}"
        files.write(path, _parquet(mine))
        yield _told(path=path, rows=mine.num_rows)
    # The worker stays, with what it needs for the next batch at most.
    once.clear()
    pa.default_memory_pool().release_unused()


def _told(**known: bytes | str | int) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([known], schema=_TOLD)


def _stream(told: pa.RecordBatch) -> bytes:
    buffer = io.BytesIO()
    with pa.ipc.new_stream(buffer, told.schema) as stream:
        stream.write_batch(told)
    return buffer.getvalue()


def _parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    # With an index of pages, by which readers of some minutes leave out most of a file.
    pq.write_table(table, buffer, compression="zstd", write_page_index=True)
    return buffer.getvalue()

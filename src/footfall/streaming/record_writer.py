"""Decodes a batch's records and writes its events as Parquet, directly from Spark's Python workers to HDFS."""

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

# The number of tasks for a large batch: one for each core of the executor. Each writes a file per folder.
PIECES: Final = 2
# A task that holds so many bytes of events writes them and begins further files: large events must not exhaust its
# memory. The 100,000 events of ordinary size that a task can get are half of that.
TASK_BYTES: Final = 128 << 20
# The output rows of a task: first the keys of its records, a thousand per row as an Arrow IPC stream, then its files.
_TASK_OUTPUT: Final = pa.schema([("keys", pa.binary()), ("path", pa.string()), ("rows", pa.int64())])


class Staged(NamedTuple):
    """A file in the staging folder. rows: the number of its events."""

    path: str
    rows: int


def stage(records: DataFrame, files: Files, folder: str, pieces: int) -> tuple[pa.Table, list[Staged]]:
    """Decodes Kafka's records and writes the readable events below `folder`: `pieces` files for each app and day, or
    more if the events are large.

    Only the Kafka partition decides the piece of a record. A repeated task writes files of other names; the result
    lists only the files of the successful attempt. Returns one row (`record_decoder.KEYS`) per record, and the files.
    Raises Spark's errors, whose text contains the sentence of an HdfsUnavailable.
    """
    asked = records.select((f.col("topic") == TOPIC_EVENTS).alias("is_event"), "partition", "offset", "value")
    # A small batch is one task, since splitting it would cost more than it saves.
    parted = asked.coalesce(1) if pieces == 1 else asked.repartitionById(pieces, f.col("partition") % pieces)
    found = parted.mapInArrow(partial(_write, files, folder), from_arrow_schema(_TASK_OUTPUT)).toArrow().to_pylist()
    keys = [pa.ipc.open_stream(row["keys"]).read_all() for row in found if row["keys"] is not None]
    staged = [Staged(row["path"], row["rows"]) for row in found if row["path"] is not None]
    return pa.concat_tables([record_decoder.KEYS.empty_table(), *keys]), staged


def remove_records(staged: list[Staged], left_out: NDArray[np.int64], files: Files) -> list[Staged]:
    """Removes the records with the ids `left_out` (`batch_keys.record_ids`) from staged files.

    An affected file is rewritten under another name, or dropped if no event remains. Returns the remaining files.
    Raises HdfsUnavailable.
    """
    with ThreadPoolExecutor(PIECES) as pool:
        found = list(pool.map(lambda file: _remove_records(file, left_out, files), staged))
    return [file for file in found if file.rows]


def _remove_records(file: Staged, left_out: NDArray[np.int64], files: Files) -> Staged:
    content = files.read(file.path)
    if content is None:
        raise HdfsUnavailable(f"The staged file {file.path} no longer exists.")
    parquet = pq.ParquetFile(pa.BufferReader(content))
    record_ids = batch_keys.record_ids(parquet.read([name for name, _ in schema.ORIGIN]))
    stays = np.isin(record_ids, left_out, invert=True)
    kept = int(stays.sum())
    if kept == file.rows or not kept:
        return Staged(file.path, kept)
    path = file.path.removesuffix(".parquet") + "-once.parquet"
    files.write(path, _parquet(parquet.read().filter(pa.array(stays))))
    return Staged(path, kept)


def _write(files: Files, folder: str, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    context = TaskContext.get()
    piece = 0 if context is None else context.partitionId()
    events: list[pa.Table] = []
    held = 0
    # Events contain no reference cycles, and looking for them took two fifths of the time.
    gc.disable()
    try:
        for batch in batches:
            if batch.num_rows:
                read = record_decoder.read(*batch.columns)
                events.append(read.events)
                yield _output_row(keys=_ipc_stream(read.keys))
                held += read.events.nbytes
                if held >= TASK_BYTES:
                    yield from _write_files(files, folder, piece, events)
                    piece, held = piece + PIECES, 0
    finally:
        gc.enable()
    yield from _write_files(files, folder, piece, events)


def _write_files(files: Files, folder: str, piece: int, events: list[pa.Table]) -> Iterator[pa.RecordBatch]:
    """Writes the events and empties the list."""
    # Like Spark's own file names: a number and a random part.
    name = f"part-{piece:05}-{secrets.token_hex(8)}.parquet"
    app_column, day_column = EVENTS.columns
    # A client's retry mostly follows its original closely. Removing such repeats here avoids rewriting the file later.
    once = [deduplication.without_repeats(pa.concat_tables(events))] if events else []
    events.clear()
    for app, day, mine in (file for table in once for file in record_decoder.by_folder(table)):
        path = f"{folder}/{app_column}={app}/{day_column}={day}/{name}"
        files.write(path, _parquet(mine))
        yield _output_row(path=path, rows=mine.num_rows)
    # The worker process lives on, so it returns its unused memory.
    once.clear()
    pa.default_memory_pool().release_unused()


def _output_row(**known: bytes | str | int) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([known], schema=_TASK_OUTPUT)


def _ipc_stream(keys: pa.RecordBatch) -> bytes:
    buffer = io.BytesIO()
    with pa.ipc.new_stream(buffer, keys.schema) as stream:
        stream.write_batch(keys)
    return buffer.getvalue()


def _parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    # The page index lets readers of a few minutes skip most of a file.
    pq.write_table(table, buffer, compression="zstd", write_page_index=True)
    return buffer.getvalue()

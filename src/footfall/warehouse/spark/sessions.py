"""Cuts sessions into visits in Spark's Python workers: whole columns, by `metrics.visits`. Pure; Arrow and NumPy.

Spark delivers the events of a partition sorted by day and session. `whole_sessions` cuts this stream between sessions,
so a worker holds one batch at a time and a long session at most.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from footfall.metrics import visits

# The columns of a session that must be adjacent in the input.
SESSION: Final = ("dt", "session_id")
# The order of the output.
ORDER: Final = (*SESSION, "app_id", "event_ms", "event_id")


def cut(batches: Iterable[pa.RecordBatch], columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Applies `with_visits` to a stream of batches that is sorted by `SESSION`. columns: of the output, in order."""
    for events in whole_sessions(batches):
        yield from with_visits(events).select(columns).to_batches()


def with_visits(events: pa.Table) -> pa.Table:
    """The distinct events of whole sessions, sorted by `ORDER`, with the columns `visit_id` and `visit_id_all`.

    The record with the lowest offset of each identity counts. Columns needed: `ORDER`, is_bot, kafka_offset,
    kafka_partition; the others stay as they are.
    """
    identity = [*SESSION, "event_id"]
    events = _sorted(events, [*identity, "kafka_offset", "kafka_partition"])
    events = events.filter(pa.array(_differs_from_before(events, identity)))
    events = _sorted(events, ORDER)
    session = np.cumsum(_differs_from_before(events, [*SESSION, "app_id"]), dtype=np.int64)
    at_ms = events["event_ms"].to_numpy()
    is_bot = events["is_bot"].to_numpy().astype(np.int64)
    by_population = np.lexsort((at_ms, is_bot, session))
    own = np.empty(len(session), dtype=np.int64)
    own[by_population] = visits.visit_numbers((2 * session + is_bot)[by_population], at_ms[by_population])
    events = events.append_column("visit_id", _visit_ids(events, own))
    return events.append_column("visit_id_all", _visit_ids(events, visits.visit_numbers(session, at_ms)))


def whole_sessions(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Groups batches into tables that end where a session ends. The input is sorted by `SESSION`."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        if not batch.num_rows:
            continue
        start = _start_of_last_session(batch)
        if start or (held and _last_session(held[-1]) != _last_session(batch)):
            ended = [*held, batch.slice(0, start)]
            yield pa.Table.from_batches(ended)
            held = []
        held.append(batch.slice(start))
    if held:
        yield pa.Table.from_batches(held)


def _start_of_last_session(batch: pa.RecordBatch) -> int:
    day, session = _last_session(batch)
    same = pc.and_(pc.equal(batch["dt"], day), pc.equal(batch["session_id"], session))
    return int(batch.num_rows - pc.sum(same).as_py())


def _last_session(batch: pa.RecordBatch) -> tuple[str, str]:
    last = batch.num_rows - 1
    return batch["dt"][last].as_py(), batch["session_id"][last].as_py()


def _sorted(events: pa.Table, columns: Iterable[str]) -> pa.Table:
    order = pc.sort_indices(events, sort_keys=[(name, "ascending") for name in columns])
    return events.take(order).combine_chunks()


def _differs_from_before(events: pa.Table, columns: Iterable[str]) -> NDArray[np.bool_]:
    """Flags the rows in which one of the columns differs from the row before; the first row does."""
    differs = np.zeros(len(events), dtype=np.bool_)
    differs[:1] = True
    for name in columns:
        column = events[name]
        differs[1:] |= pc.not_equal(column[1:], column[:-1]).to_numpy()
    return differs


def _visit_ids(events: pa.Table, numbers: NDArray[np.int64]) -> pa.ChunkedArray:
    texts = pa.chunked_array([pa.array(numbers).cast(pa.string())])
    return pc.binary_join_element_wise(events["app_id"], events["session_id"], events["dt"], texts, ":")

"""A task writes its events as it reads them: the memory it needs is bounded by bytes, whatever the records hold."""

from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.events.identity import new_uuid7
from footfall.streaming import parquet, record_writer
from tests.support.events import stored_event
from tests.support.local_files import LocalFiles


def _batch(first: int, count: int) -> pa.RecordBatch:
    values = [orjson.dumps(stored_event(event_id=new_uuid7(), page_title="x" * 200)) for number in range(count)]
    columns = {
        "is_event": pa.array([True] * count),
        "partition": pa.array([3] * count, pa.int32()),
        "offset": pa.array(range(first, first + count), pa.int64()),
        "value": pa.array(values, pa.binary()),
    }
    return pa.RecordBatch.from_pydict(columns)


def test_large_events_are_written_in_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = LocalFiles(tmp_path)
    batches = [_batch(10 * number, 10) for number in range(5)]
    monkeypatch.setattr(record_writer, "TASK_BYTES", 1)
    rows = pa.Table.from_batches(record_writer._write(files, "/staged", batches)).to_pylist()
    written = {row["path"]: row["rows"] for row in rows if row["path"] is not None}
    # The other task of a batch uses the odd numbers.
    assert [parquet.piece_of(path) for path in written] == [0, 2, 4, 6, 8]
    assert list(written.values()) == [10] * 5
    offsets = []
    for path in written:
        content = files.read(path)
        assert content is not None
        offsets += pq.read_table(pa.BufferReader(content))["kafka_offset"].to_pylist()
    assert sorted(offsets) == list(range(50))
    keys = [pa.ipc.open_stream(row["keys"]).read_all() for row in rows if row["keys"] is not None]
    assert pa.concat_tables(keys)["kafka_offset"].to_pylist() == list(range(50))


def test_events_of_ordinary_size_are_written_in_one_file(tmp_path: Path) -> None:
    batches = [_batch(10 * number, 10) for number in range(5)]
    rows = pa.Table.from_batches(record_writer._write(LocalFiles(tmp_path), "/staged", batches)).to_pylist()
    assert [row["rows"] for row in rows if row["path"] is not None] == [50]

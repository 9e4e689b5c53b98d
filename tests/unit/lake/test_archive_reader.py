"""Columns of archived files: only the requested minutes, and only the row groups that may hold them."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.hdfs import FileStatus, HdfsUnavailable
from footfall.lake import archive_reader
from footfall.lake.errors import ArchiveRefused
from footfall.lake.schema import archived
from tests.support.archived import SCHEMA, at, event, minute
from tests.support.local_files import LocalFiles

NOON = minute("2026-11-24 12:00")
COLUMNS = ("event_id", "event_time", "page_path")


class Counting(LocalFiles):
    """Records which parts were read."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.parts: list[tuple[int, int]] = []

    def read_part(self, path: str, offset: int, length: int) -> bytes | None:
        self.parts.append((offset, length))
        return super().read_part(path, offset, length)


def written(root: Path) -> tuple[Counting, FileStatus]:
    """An hour of events, one a second in order, in groups of ten minutes."""
    rows = [
        event(n, f"s-{n}", at(f"2026-11-24 12:{n // 60:02}:{n % 60:02}"), "click", f"/page-{n % 7}")
        for n in range(3600)
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), root / "hour.parquet", row_group_size=600)
    files = Counting(root)
    (file,) = files.list("")
    return files, file


def minutes(table: pa.Table) -> dict[int, int]:
    """How many rows each minute has, after noon."""
    found = [int(time.timestamp()) // 60 - NOON for time in table["event_time"].to_pylist()]
    return {one: found.count(one) for one in sorted(set(found))}


def test_only_the_requested_minutes_are_read(tmp_path: Path) -> None:
    files, file = written(tmp_path)
    spans = [(NOON - 9, NOON), (NOON + 11, NOON + 12), (NOON + 59, NOON + 80)]
    found = archive_reader.read(files, file, spans, COLUMNS, ("page_path",))
    assert minutes(found) == {0: 60, 11: 60, 12: 60, 59: 60}
    assert found.column_names == list(COLUMNS)
    assert set(found["page_path"].cast(pa.string()).to_pylist()) == {f"/page-{n}" for n in range(7)}
    assert archive_reader.read(files, file, [(NOON + 60, NOON + 99)], COLUMNS).num_rows == 0


def test_a_small_file_is_one_request(tmp_path: Path) -> None:
    files, file = written(tmp_path)
    archive_reader.read(files, file, [(NOON, NOON + 59)], COLUMNS)
    assert files.parts == [(0, file.length)]


def test_only_the_row_groups_that_may_hold_the_minutes_are_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_reader, "_BLOCK", 4096)
    files, file = written(tmp_path)
    found = archive_reader.read(files, file, [(NOON + 25, NOON + 26)], COLUMNS)
    assert minutes(found) == {25: 60, 26: 60}
    # A third of the file is its footer.
    assert sum(length for _, length in files.parts) < file.length * 0.6
    assert len(set(files.parts)) == len(files.parts)
    whole = archive_reader.read(files, file, [(NOON, NOON + 59)], COLUMNS)
    assert whole.equals(pq.read_table(tmp_path / "hour.parquet", columns=list(COLUMNS)))


def test_a_file_from_before_a_field_existed_has_nulls(tmp_path: Path) -> None:
    """Files of before and after schema 1.1 are read together."""
    rows = [{"event_id": "a", "event_time": at("2026-11-24 12:00:00")}]
    earlier = [field for field in archived() if field.name not in ("event_name", "cls_milli", "via")]
    pq.write_table(pa.Table.from_pylist(rows, pa.schema(earlier)), tmp_path / "earlier.parquet")
    rows[0] |= {"event_name": "signup", "cls_milli": 104}
    pq.write_table(pa.Table.from_pylist(rows, archived()), tmp_path / "later.parquet")
    files = LocalFiles(tmp_path)
    columns = ("cls_milli", "event_time", "event_name", "via", "event_id")
    spans = [(NOON, NOON)]
    read = [archive_reader.read(files, file, spans, columns, ("event_name",)) for file in files.list("")]
    together = pa.concat_tables(read)
    assert together.column_names == list(columns)
    assert together["event_name"].cast(pa.string()).to_pylist() == [None, "signup"]
    assert (together["cls_milli"].to_pylist(), together["via"].to_pylist()) == ([None, 104], [None, None])
    grouped = pa.concat_tables(
        table for file in files.list("") for table in archive_reader.groups(files, file, columns)
    )
    assert grouped["event_name"].to_pylist() == [None, "signup"]


def test_a_file_that_is_gone_or_damaged_is_named(tmp_path: Path) -> None:
    files, file = written(tmp_path)
    content = files.read(file.path) or b""
    (event_id,) = (
        group.column(number)
        for group in [pq.ParquetFile(tmp_path / "hour.parquet").metadata.row_group(0)]
        for number in range(group.num_columns)
        if group.column(number).path_in_schema == "event_id"
    )
    for place in (event_id.dictionary_page_offset, len(content) - 200):
        files.write(file.path, content[:place] + b"\xff" * 200 + content[place + 200 :])
        with pytest.raises(ArchiveRefused, match=f"{file.path} cannot be read"):
            archive_reader.read(files, file, [(NOON, NOON + 59)], COLUMNS)
    files.write(file.path, content[:-5])
    with pytest.raises(HdfsUnavailable, match="was deleted or shortened"):
        archive_reader.read(files, file, [(NOON, NOON + 59)], COLUMNS)
    files.delete(file.path)
    with pytest.raises(HdfsUnavailable, match="was deleted or shortened"):
        archive_reader.read(files, file, [(NOON, NOON + 59)], COLUMNS)

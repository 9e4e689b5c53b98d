"""The statistics with which a partition is registered."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.hive.metastore import Partition
from footfall.warehouse.errors import PartitionDamaged
from footfall.warehouse.registration import partition_of
from tests.support.local_files import LocalFiles

_VALUES = ("2026-11-24", "20261125T020000-0001")


def test_the_footers_tell_the_rows(tmp_path: Path) -> None:
    folder = tmp_path / "t"
    folder.mkdir()
    pq.write_table(pa.table({"n": list(range(5))}), folder / "part-0.parquet")
    # The footer of a file with many columns is longer than what is read at first.
    pq.write_table(pa.table({f"column_{n}": [0, 1, 2] for n in range(2000)}), folder / "part-1.parquet")
    for hidden in ("_SUCCESS", ".part-2.parquet.tmp"):
        (folder / hidden).write_bytes(b"x")
    size = sum((folder / f"part-{n}.parquet").stat().st_size for n in (0, 1))
    assert partition_of(LocalFiles(tmp_path), "/t", _VALUES) == Partition(_VALUES, "/t", 8, 2, size)


def test_a_folder_without_files_has_no_rows(tmp_path: Path) -> None:
    assert partition_of(LocalFiles(tmp_path), "/t", _VALUES) == Partition(_VALUES, "/t", 0, 0, 0)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"garbage" * 100, b"PAR1" + b"\xff" * 4 + b"PAR1"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "part-0.parquet").write_bytes(content)
    with pytest.raises(PartitionDamaged, match=r"/t/part-0\.parquet is damaged"):
        partition_of(LocalFiles(tmp_path), "/t", _VALUES)

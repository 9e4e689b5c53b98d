"""File names in the archive: written names are read back, and foreign names are not accepted."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.lake import layout
from footfall.lake.layout import EVENTS, REJECTED, Part, part_of
from tests.support.local_files import LocalFiles

_CHECKPOINTS = st.text("0123456789abcdef", min_size=8, max_size=8)
_BATCHES = st.integers(0, 10**11)


@given(_CHECKPOINTS, _BATCHES, _BATCHES, st.integers(1, 9))
def test_a_name_says_what_the_file_holds(checkpoint: str, first: int, more: int, level: int) -> None:
    for part in (
        Part(checkpoint, first, first, 0),
        Part(checkpoint, first, first, 0, piece=1),
        Part(checkpoint, first, first + more, level),
    ):
        assert part_of(part.name) == part


@given(_CHECKPOINTS, st.integers(0, 10**9 - 2))
def test_names_of_a_checkpoint_come_in_the_order_of_its_batches(checkpoint: str, batch: int) -> None:
    first, second = (Part(checkpoint, number, number, 0).name for number in (batch, batch + 1))
    assert first < second


def test_the_files_of_a_batch_are_recognized() -> None:
    batch = Part("abcd1234", 7, 7, 0)
    for name, own in (
        ("abcd1234-000000007.parquet", True),
        ("abcd1234-000000007_1.parquet", True),
        ("abcd1234-000000008_1.parquet", False),
        ("abcd1234-000000007-000000007-1.parquet", False),
        ("0000ffff-000000007.parquet", False),
        ("part-00000.parquet", False),
    ):
        assert layout.is_of(name, batch) is own


@pytest.mark.parametrize(
    "name",
    [
        "part-00000-1.zstd.parquet",
        "_abcd1234-000000001.parquet",
        "abcd1234-000000001.parquet.tmp",
        "abcd1234-1.parquet",
        "abcd1234-000000001_0.parquet",
        "abcd1234-000000001_1-000000002-1.parquet",
        "abcd123-000000001.parquet",
        "ABCD1234-000000001.parquet",
        "abcd1234-000000001-000000002.parquet",
        "abcd1234-000000001-000000002-10.parquet",
        "",
    ],
)
def test_other_names_are_not_parsed(name: str) -> None:
    assert part_of(name) is None


def test_folders_are_found_by_the_values_in_their_names(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    for folder in (
        "/events/app_id=shop/dt=2028-02-29",
        "/events/app_id=shop/dt=2026-11-24",
        "/events/app_id=news/dt=2026-11-24",
        "/events/app_id=news/other=1",
        "/events/_staging/app_id=shop/dt=2026-11-24",
        "/events_rejected/dt=2026-11-24",
    ):
        files.make_folder(folder)
    files.write("/events/app_id=a-file", b"")
    assert layout.folders(files, EVENTS) == {
        ("news", "2026-11-24"): "/events/app_id=news/dt=2026-11-24",
        ("shop", "2026-11-24"): "/events/app_id=shop/dt=2026-11-24",
        ("shop", "2028-02-29"): "/events/app_id=shop/dt=2028-02-29",
    }
    assert list(layout.folders(files, REJECTED)) == [("2026-11-24",)]
    assert layout.folders(LocalFiles(tmp_path / "empty"), EVENTS) == {}


def test_a_folder_that_is_not_a_day_is_recognized() -> None:
    assert layout.day_of(("shop", "2028-02-29")) == date(2028, 2, 29)
    assert layout.day_of(("shop", "2027-02-29")) is None
    assert layout.day_of(("__HIVE_DEFAULT_PARTITION__",)) is None


def test_hidden_files_are_not_the_archives(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    for name in ("abcd1234-000000001.parquet", "_part", ".abcd1234-000000001.parquet", "folder/in"):
        files.write(f"/events/app_id=shop/dt=2026-11-24/{name}", b"x")
    found = layout.parts(files, "/events/app_id=shop/dt=2026-11-24")
    assert [file.name for file in found] == ["abcd1234-000000001.parquet"]

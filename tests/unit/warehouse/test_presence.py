"""Partitions whose files were deleted are found."""

from pathlib import Path

import pytest

from footfall.warehouse import presence
from footfall.warehouse.partitions import tables_of
from footfall.warehouse.tables import DAY_PAGES, DAY_SUMMARY
from tests.support.local_files import LocalFiles

_RUN = "20261129T020000-1a2b"
_PARTITIONS = {"2026-11-27": _RUN, "2026-11-28": _RUN}


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    files = LocalFiles(tmp_path)
    for table in (DAY_SUMMARY, DAY_PAGES):
        for day, run in _PARTITIONS.items():
            files.write(f"{table.partition(day, run)}/part-0.parquet", b"rows")
    return files


def test_whole_partitions_are_not_named(files: LocalFiles) -> None:
    assert presence.gone(files, [DAY_SUMMARY, DAY_PAGES], _PARTITIONS) == []
    assert presence.gone(files, [DAY_SUMMARY], {"2026-11-28": _RUN}) == []


def test_deleted_folders_and_deleted_files_are_named(files: LocalFiles) -> None:
    files.delete(DAY_PAGES.partition("2026-11-28", _RUN))
    files.delete(f"{DAY_SUMMARY.partition('2026-11-27', _RUN)}/part-0.parquet")
    found = presence.gone(files, [DAY_SUMMARY, DAY_PAGES], _PARTITIONS)
    assert found == [("day_summary", "2026-11-27"), ("day_pages", "2026-11-28")]
    assert presence.gone(files, [DAY_PAGES], {"2026-11-28": _RUN}) == [("day_pages", "2026-11-28")]
    assert presence.sentence(*found[0]).startswith("The rows of 2026-11-27 in day_summary were deleted")


def test_the_tables_of_a_select_are_found() -> None:
    assert tables_of("SELECT a FROM day_pages p JOIN day_summary s ON p.a = s.a JOIN day_pages q") == (
        [DAY_PAGES, DAY_SUMMARY]
    )

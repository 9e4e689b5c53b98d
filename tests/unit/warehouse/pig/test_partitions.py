"""Putting tables into place: by one rename each, and never half of one."""

from pathlib import Path

import pytest

from footfall.warehouse.pig import partitions
from footfall.warehouse.pig.errors import PigFailed
from footfall.warehouse.pig.script import PIG_TABLES
from tests.support.local_files import Died, LocalFiles

_RUN = "20261126T010203-00ff"
_DAYS = ["2026-11-24", "2026-11-25"]
_PARTITIONS = [table.partition(day, _RUN) for table in PIG_TABLES.values() for day in _DAYS]


def _stage(files: LocalFiles, content: bytes) -> None:
    for table in PIG_TABLES:
        for day in _DAYS:
            for part in ("part-0.parquet", "part-1.parquet"):
                files.write(f"/staging/{table}/dt={day}/{part}", content)


def _content(files: LocalFiles, partition: str) -> list[bytes | None]:
    return [files.read(file.path) for file in files.list(partition)]


def test_a_table_of_a_day_becomes_a_partition_of_the_run(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    _stage(files, b"new")
    partitions.put(files, _RUN, _DAYS, "/staging")
    assert [_content(files, partition) for partition in _PARTITIONS] == [[b"new", b"new"]] * len(_PARTITIONS)


def test_a_repeated_run_replaces_its_partitions_and_no_others(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    other = PIG_TABLES["log_counts"].partition(_DAYS[0], "20261126T010203-aaaa")
    files.write(f"{other}/part-0.parquet", b"of another run")
    for partition in _PARTITIONS:
        files.write(f"{partition}/part-of-before.parquet", b"old")
    _stage(files, b"new")
    partitions.put(files, _RUN, _DAYS, "/staging")
    assert [_content(files, partition) for partition in _PARTITIONS] == [[b"new", b"new"]] * len(_PARTITIONS)
    assert _content(files, other) == [b"of another run"]


def test_a_crash_at_any_step_leaves_each_partition_whole_or_absent(tmp_path: Path) -> None:
    step = 0
    while True:
        root = tmp_path / str(step)
        files = LocalFiles(root)
        for partition in _PARTITIONS:
            files.write(f"{partition}/part-of-before.parquet", b"old")
        _stage(files, b"new")
        mortal = LocalFiles(root, mortal=step)
        try:
            partitions.put(mortal, _RUN, _DAYS, "/staging")
        except Died:
            found = [_content(files, partition) for partition in _PARTITIONS]
            assert all(content in ([b"old"], [], [b"new", b"new"]) for content in found)
            step += 1
        else:
            break
    assert step > len(_PARTITIONS)


def test_a_table_that_pig_did_not_write_is_named_before_anything_moves(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    _stage(files, b"new")
    files.delete(f"/staging/log_counts/dt={_DAYS[1]}")
    with pytest.raises(PigFailed, match="Pig has written no log_counts of 2026-11-25"):
        partitions.put(files, _RUN, _DAYS, "/staging")
    assert not any(files.exists(partition) for partition in _PARTITIONS)


def test_kept_tables_are_copies(tmp_path: Path) -> None:
    files, older = LocalFiles(tmp_path), "20261020T010203-aaaa"
    sources = [table.partition(_DAYS[0], older) for table in PIG_TABLES.values()]
    for n, source in enumerate(sources):
        files.write(f"{source}/part-0.parquet", b"%d" % n)
    partitions.keep(files, _RUN, {_DAYS[0]: older}, "/staging")
    copies = [_content(files, table.partition(_DAYS[0], _RUN)) for table in PIG_TABLES.values()]
    assert copies == [_content(files, source) for source in sources] == [[b"%d" % n] for n in range(len(sources))]


def test_a_table_that_can_be_neither_made_nor_kept_is_named(tmp_path: Path) -> None:
    with pytest.raises(PigFailed, match=r"is gone, and so are the log lines of 2026-11-24"):
        partitions.keep(LocalFiles(tmp_path), _RUN, {_DAYS[0]: "20261020T010203-aaaa"}, "/staging")

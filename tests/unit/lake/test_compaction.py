"""Merging small files: which files are merged when, and that a crash at any change loses and duplicates no row.

Rows are lines of text here: what merges them is none of the protocol's.
"""

import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.hdfs import FileStatus, HdfsUnavailable
from footfall.lake import compaction, layout
from footfall.lake.compaction import FAN, Group
from footfall.lake.layout import EVENTS, Part
from tests.support.local_files import Died, LocalFiles

_FOLDER = "/events/app_id=shop/dt=2026-11-24"
_DAY = date(2026, 11, 24)
_HOUR_MS = 3_600_000
# 2026-11-26T00:00Z: the day is over for a day.
_OVER_MS = 1_795_651_200_000
_ME = "abcd1234"
_MIB = 1 << 20


def _file(part: Part, length: int = 1000, modified_ms: int = 0) -> FileStatus:
    return FileStatus(f"{_FOLDER}/{part.name}", False, length, modified_ms)


def _batches(count: int, checkpoint: str = _ME, first: int = 0) -> list[FileStatus]:
    return [_file(Part(checkpoint, number, number, 0)) for number in range(first, first + count)]


def _due(files: list[FileStatus], done: int) -> list[Group]:
    return compaction.due(EVENTS, _FOLDER, files, _ME, done)


def _over(files: list[FileStatus], done: int = 10**6, now_ms: int = _OVER_MS) -> list[Group]:
    return compaction.due_when_over(EVENTS, _FOLDER, _DAY, files, _ME, done, now_ms)


def test_enough_files_of_a_level_become_one_file_of_the_next() -> None:
    files = _batches(2 * FAN + FAN - 1)
    groups = _due(list(reversed(files)), 10**6)
    assert [group.sources for group in groups] == [
        tuple(file.path for file in files[:FAN]),
        tuple(file.path for file in files[FAN : 2 * FAN]),
    ]
    assert groups[1].target == f"{_FOLDER}/{Part(_ME, FAN, 2 * FAN - 1, 1).name}"
    assert _due(files[: FAN - 1], 10**6) == []


def test_levels_and_checkpoints_are_not_mixed() -> None:
    merged = [_file(Part(_ME, n * 20, n * 20 + 19, 1)) for n in range(FAN - 1)]
    older = _batches(FAN - 1, "0000ffff")
    assert _due([*merged, *older, *_batches(FAN - 1, first=1000)], 10**6) == []
    complete = [*merged, _file(Part(_ME, 380, 399, 1))]
    assert [group.target for group in _due(complete, 10**6)] == [f"{_FOLDER}/{Part(_ME, 0, 399, 2).name}"]


@pytest.mark.parametrize("done", [-2, FAN - 2, FAN - 1])
def test_batches_that_spark_may_repeat_are_left_alone(done: int) -> None:
    merged = [source for group in _due(_batches(FAN), done) for source in group.sources]
    assert len(merged) == (FAN if done == FAN - 1 else 0)
    over = [source for group in _over(_batches(FAN), done) for source in group.sources]
    assert over == ([file.path for file in _batches(done + 1)] if done > 0 else [])
    # Spark never repeats a batch of an earlier checkpoint.
    assert len(_due(_batches(FAN, "0000ffff"), done)) == 1


def test_large_and_foreign_files_are_left_alone() -> None:
    files = _batches(FAN)
    foreign = FileStatus(f"{_FOLDER}/mine.parquet", False, 5, 0)
    assert _due([*files[:-1], _file(Part(_ME, 19, 19, 0), 128 * _MIB), foreign], 10**6) == []
    assert _due([*files, foreign], 10**6)[0].sources == tuple(file.path for file in files)


def test_a_day_that_is_over_becomes_one_file_a_checkpoint() -> None:
    older, files = _batches(2, "0000ffff"), [_file(Part(_ME, 0, 399, 2)), *_batches(3, first=400)]
    groups = _over([*files, *older, _file(Part("eeee0000", 5, 5, 0))])
    assert [group.target for group in groups] == [
        f"{_FOLDER}/{Part('0000ffff', 0, 1, 9).name}",
        f"{_FOLDER}/{Part(_ME, 0, 402, 9).name}",
    ]
    assert sorted(groups[1].sources) == sorted(file.path for file in files)
    assert _over([_file(Part(_ME, 0, 402, 9))]) == []


def test_a_day_is_left_alone_until_it_rests() -> None:
    files = _batches(3)
    assert _over(files, now_ms=_OVER_MS - 1) == []
    late = [*files, _file(Part(_ME, 3, 3, 0), modified_ms=_OVER_MS)]
    assert _over(late, now_ms=_OVER_MS + _HOUR_MS - 1) == []
    assert len(_over(late, now_ms=_OVER_MS + _HOUR_MS)) == 1
    assert _over([*files, *(_file(Part(_ME, n, n, 0), 127 * _MIB) for n in range(5, 10))]) == []


@given(st.sets(st.integers(0, 400)), st.integers(-2, 401))
def test_no_file_is_in_two_groups_and_no_target_is_there_already(batches: set[int], done: int) -> None:
    files = [_file(Part(_ME, number, number, 0)) for number in batches]
    for groups in (_due(files, done), _over(files, done)):
        sources = [source for group in groups for source in group.sources]
        assert len(sources) == len(set(sources))
        assert not {group.target for group in groups} & {file.path for file in files}


def _write(files: LocalFiles, count: int) -> Group:
    for number, file in enumerate(_batches(count)):
        files.write(file.path, f"row {number}\nrow again {number}\n".encode())
    return Group(EVENTS, _FOLDER, tuple(file.path for file in _batches(count)), f"{_FOLDER}/{_target(count)}")


def _target(count: int) -> str:
    return Part(_ME, 0, count - 1, 1).name


def _merger(files: LocalFiles) -> compaction.Merge:
    def merge(group: Group, folder: str) -> None:
        files.write(f"{folder}/part-0.parquet", b"".join(files.read(source) or b"" for source in group.sources))

    return merge


def _rows(files: LocalFiles) -> Counter[bytes]:
    found = [files.read(file.path) or b"" for file in layout.parts(files, _FOLDER)]
    return Counter(b"".join(found).splitlines())


def _changes(root: Path) -> int:
    files = LocalFiles(root)
    group = _write(files, 3)
    before = files.changes
    compaction.carry_out(files, group, _merger(files))
    return files.changes - before


def test_a_merge_leaves_the_same_rows_in_one_file(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    group = _write(files, 3)
    before = _rows(files)
    compaction.carry_out(files, group, _merger(files))
    assert _rows(files) == before
    assert [file.path for file in layout.parts(files, _FOLDER)] == [group.target]
    assert not compaction.under_way(files)


def test_a_crash_at_any_change_loses_and_duplicates_nothing(tmp_path: Path) -> None:
    whole = _changes(tmp_path / "whole")
    assert whole >= 7
    for first in range(whole):
        for second in range(whole):
            root = tmp_path / f"{first}-{second}"
            files = LocalFiles(root)
            group = _write(files, 3)
            rows = _rows(files)
            mortal = LocalFiles(root, mortal=first)
            with pytest.raises(Died):
                compaction.carry_out(mortal, group, _merger(mortal))
            _no_row_is_missing(files, rows)
            # The next process may crash too, while it completes the merge.
            mortal = LocalFiles(root, mortal=second)
            try:
                compaction.finish(mortal)
            except Died:
                _no_row_is_missing(files, rows)
            compaction.finish(files)
            assert _rows(files) == rows
            assert not compaction.under_way(files)


def _no_row_is_missing(files: LocalFiles, rows: Counter[bytes]) -> None:
    found = _rows(files)
    assert set(found) == set(rows)
    # While a row is there twice, readers can see from the intent that they must wait.
    assert found == rows or compaction.under_way(files)


def test_no_merge_begins_before_the_previous_one_is_completed(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    group = _write(files, 3)
    later = [Part(_ME, number, number, 0).name for number in (7, 8)]
    for name in later:
        files.write(f"{_FOLDER}/{name}", f"row of {name}\n".encode())
    rows = _rows(files)
    # The crash comes after the merged file got its name and the first of three sources was deleted.
    mortal = LocalFiles(tmp_path, mortal=5)
    with pytest.raises(Died):
        compaction.carry_out(mortal, group, _merger(mortal))
    assert _rows(files) != rows
    other = Group(EVENTS, _FOLDER, tuple(f"{_FOLDER}/{name}" for name in later), f"{_FOLDER}/{_ME}-000000007.parquet")
    with pytest.raises(HdfsUnavailable, match="interrupted"):
        compaction.carry_out(files, other, _merger(files))
    compaction.finish(files)
    assert _rows(files) == rows
    compaction.carry_out(files, other, _merger(files))
    assert _rows(files) == rows


def test_a_merge_into_one_of_its_sources_keeps_it(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    group = _write(files, 3)
    rows = _rows(files)
    compaction.carry_out(files, group._replace(target=group.sources[1]), _merger(files))
    assert [file.path for file in layout.parts(files, _FOLDER)] == [group.sources[1]]
    assert _rows(files) == rows


def test_a_merge_that_does_not_write_one_file_changes_nothing(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    group = _write(files, 3)
    rows = _rows(files)

    def merge(group: Group, folder: str) -> None:
        for number in range(2):
            files.write(f"{folder}/part-{number}.parquet", b"row")

    for wrong in (merge, lambda group, folder: None):
        with pytest.raises(HdfsUnavailable, match="not one"):
            compaction.carry_out(files, group, wrong)
        assert _rows(files) == rows
        assert not compaction.under_way(files)


@pytest.mark.parametrize("content", [b"", b"null", b'{"staged": "/a"}', json.dumps(["/a", "/b", []]).encode()])
def test_a_damaged_intent_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    files = LocalFiles(tmp_path)
    files.write(layout.INTENT, content)
    with pytest.raises(HdfsUnavailable, match=r"compaction\.json is damaged"):
        compaction.finish(files)

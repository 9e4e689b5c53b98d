"""The pointer to the profiles in use: published in one step, and what is replaced stays for a day."""

from pathlib import Path

import pytest

from footfall.warehouse import profiles
from footfall.warehouse.profiles import GRACE_MS, POINTER, TABLES, PointerDamaged
from tests.support.local_files import Died, LocalFiles

FIRST, SECOND, THIRD = "20261101T000000-0001", "20261102T000000-0001", "20261103T000000-0001"
NOW_MS = 1_800_000_000_000


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    return LocalFiles(tmp_path)


def _write(files: LocalFiles, run: str) -> None:
    for table in TABLES:
        files.write(f"{table.partition(run)}/part-00000.parquet", run.encode())


def _publish(files: LocalFiles, run: str, now_ms: int = NOW_MS) -> None:
    profiles.publish(files, run, f"extract of {run}", 7, now_ms)


def _stored(files: LocalFiles) -> list[set[str]]:
    return [{entry.name for entry in files.list(table.folder)} for table in TABLES]


def test_columns_are_well_formed() -> None:
    for table in TABLES:
        names = [column.name for column in table.columns]
        assert set(table.key) <= set(names)
        assert len(set(names)) == len(names)
        assert all(column.comment for column in table.columns)


def test_nothing_is_in_use_before_the_first_import(files: LocalFiles) -> None:
    assert profiles.published(files) is None
    assert profiles.published_run(files) is None


def test_the_run_that_was_published_last_is_in_use(files: LocalFiles) -> None:
    for run in (FIRST, SECOND):
        _write(files, run)
        _publish(files, run)
    found = profiles.published(files)
    assert found is not None
    assert (found.run, found.extract, found.published_ms, found.rows) == (SECOND, f"extract of {SECOND}", NOW_MS, 7)
    assert profiles.published_run(files) == SECOND


def test_a_replaced_run_stays_for_a_day_after_it_was_replaced(files: LocalFiles) -> None:
    for number, run in enumerate((FIRST, SECOND, THIRD)):
        _write(files, run)
        _publish(files, run, NOW_MS + number * (GRACE_MS - 1))
    assert _stored(files) == [{f"run={FIRST}", f"run={SECOND}", f"run={THIRD}"}] * 2
    found = profiles.published(files)
    assert found is not None
    assert all(found.has(run) for run in (FIRST, SECOND, THIRD))
    _write(files, "20261104T000000-0001")
    _publish(files, "20261104T000000-0001", NOW_MS + 2 * GRACE_MS)
    assert _stored(files) == [{f"run={SECOND}", f"run={THIRD}", "run=20261104T000000-0001"}] * 2


def test_a_run_that_was_never_published_goes_with_the_next_one(files: LocalFiles) -> None:
    _write(files, FIRST)
    _publish(files, FIRST)
    _write(files, SECOND)
    _write(files, THIRD)
    _publish(files, THIRD)
    assert _stored(files) == [{f"run={FIRST}", f"run={THIRD}"}] * 2


def test_a_run_that_comes_back_is_in_use_again(files: LocalFiles) -> None:
    for run in (FIRST, SECOND, FIRST):
        _write(files, run)
        _publish(files, run)
    found = profiles.published(files)
    assert found is not None
    assert (found.run, set(found.replaced)) == (FIRST, {SECOND})


@pytest.mark.parametrize("content", [b"", b"{", b'{"run": "x"}', b"[]"])
def test_a_damaged_pointer_is_named_and_the_next_import_replaces_it(files: LocalFiles, content: bytes) -> None:
    _write(files, FIRST)
    _publish(files, FIRST)
    files.write(POINTER, content)
    with pytest.raises(PointerDamaged, match="is damaged"):
        profiles.published_run(files)
    _write(files, SECOND)
    _publish(files, SECOND)
    found = profiles.published(files)
    assert found is not None
    # The first run may be the one that was in use.
    assert (found.run, found.has(FIRST)) == (SECOND, True)


def test_a_run_that_dies_while_publishing_leaves_the_old_profiles_or_the_new_ones(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    _write(files, FIRST)
    _publish(files, FIRST)
    for number in range(20):
        _write(files, SECOND)
        mortal = LocalFiles(tmp_path, mortal=number)
        try:
            _publish(mortal, SECOND, NOW_MS + GRACE_MS)
        except Died:
            assert profiles.published_run(files) == (FIRST if number < 2 else SECOND)
            for table in TABLES:
                run = profiles.published_run(files)
                assert files.read(f"{table.partition(run or '')}/part-00000.parquet") == (run or "").encode()
        else:
            break
    assert number == 2
    assert profiles.published_run(files) == SECOND

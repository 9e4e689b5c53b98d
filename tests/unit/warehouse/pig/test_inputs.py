"""The files that Pig reads: those of the manifest, and no others."""

from dataclasses import replace
from pathlib import Path

import pytest

from footfall.names import LOG_KINDS
from footfall.warehouse.manifest import Manifest
from footfall.warehouse.pig import inputs
from footfall.warehouse.pig.errors import PigFailed
from tests.support.local_files import LocalFiles

_A, _B = "2026-11-24", "2026-11-25"
_ACCESS = [f"/logs/access/dt={_A}/1.log", f"/logs/access/dt={_A}/2.log"]
_ERROR = [f"/logs/error/dt={_B}/1.log"]
_REJECTED = [f"/events_rejected/dt={_A}/1.parquet"]


def _manifest() -> Manifest:
    logs = {"access": {_A: _ACCESS}, "error": {_B: _ERROR}}
    return Manifest("20261126T010203-00ff", [_A, _B], 0, {}, logs, {_A: _REJECTED})


def test_the_inputs_are_the_manifests_files_of_the_days() -> None:
    assert inputs.of(_manifest(), [_A, _B]) == ([*_ACCESS, *_ERROR], {_A: _REJECTED, _B: []})
    assert inputs.of(_manifest(), [_B]) == (_ERROR, {_B: []})


def test_a_day_of_another_run_is_refused() -> None:
    with pytest.raises(PigFailed, match=r"does not cover 2026-11-26. Its days are 2026-11-24, 2026-11-25."):
        inputs.of(_manifest(), [_A, "2026-11-26"])


def test_files_that_are_gone_are_named(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    for path in (*_ACCESS, *_ERROR, *_REJECTED):
        files.write(path, b"x")
    found = inputs.of(_manifest(), [_A, _B])
    inputs.check_present(files, found)
    files.delete(_REJECTED[0])
    with pytest.raises(PigFailed, match=rf"^{_REJECTED[0]} is not in HDFS any more"):
        inputs.check_present(files, found)
    files.delete(f"/logs/access/dt={_A}")
    with pytest.raises(PigFailed, match=rf"^{_ACCESS[0]} and 2 others are not in HDFS any more"):
        inputs.check_present(files, found)


def test_each_kind_and_day_gets_an_empty_line(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    written = inputs.write_empty_lines(files, [_A, _B], "/staging")
    assert sorted(written) == sorted(f"/staging/{kind}/dt={day}/empty" for kind in LOG_KINDS for day in (_A, _B))
    assert {files.read(path) for path in written} == {b"\n"}


def test_a_day_whose_tables_are_kept_has_no_inputs() -> None:
    kept = replace(_manifest(), lines_kept={_A: "20261020T010203-aaaa"})
    assert inputs.of(kept, [_A, _B]) == (_ERROR, {_B: []})

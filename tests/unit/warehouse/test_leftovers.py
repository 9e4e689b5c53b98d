"""Old leftovers of killed jobs are deleted; what a job may still use stays, and what services own."""

import os
import time
from pathlib import Path

from footfall.warehouse import leftovers
from footfall.warehouse.tables import ROOT
from tests.support.local_files import LocalFiles

_DAY_S = 86_400


def _age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_old_staged_tables_are_deleted(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    old, new = f"{ROOT}/_staging/old-events", f"{ROOT}/_staging/new-logs"
    published = f"{ROOT}/fact_events/dt=2026-11-24/run=old/a.parquet"
    for path in (f"{old}/fact_events/a.parquet", f"{new}/tables/a.parquet", published):
        files.write(path, b"x")
    _age(tmp_path / old[1:], 2 * _DAY_S)
    _age(tmp_path / new[1:], _DAY_S / 2)
    assert leftovers.sweep_staged(files, time.time()) == 1
    assert not files.exists(old)
    assert files.exists(new)
    assert files.exists(published)
    assert leftovers.sweep_staged(LocalFiles(tmp_path / "elsewhere"), time.time()) == 0


def test_old_temporary_folders_of_clients_are_deleted(tmp_path: Path) -> None:
    names = ("events-oq2ycvgd", "pig-92z_b7th", "sqoop-abcdefgh", "hive-metastore", "spark-streaming", "pig-new_one1")
    for name in names:
        (tmp_path / name / "inside").mkdir(parents=True)
        _age(tmp_path / name, 2 * _DAY_S)
    _age(tmp_path / "pig-new_one1", 60)
    assert leftovers.sweep_temporary(tmp_path, time.time()) == 3
    assert {path.name for path in tmp_path.iterdir()} == set(names[3:])

"""Old days are deleted from every store, one in each sweep; newer days and foreign folders stay."""

from datetime import date
from pathlib import Path

from footfall.lake.retention import sweep
from tests.support.local_files import LocalFiles

_OLD = (
    "/events/app_id=shop/dt=2026-08-01/0000000a-000000001.parquet",
    "/events/app_id=news/dt=2026-08-25/0000000a-000000001.parquet",
    "/events_rejected/dt=2026-08-01/0000000a-000000001.parquet",
    "/aggregates/windows_1m/dt=2026-08-01/hour-03.parquet",
    "/aggregates/windows_5m/dt=2026-08-01/hour-03.parquet",
)
_KEPT = (
    "/events/app_id=shop/dt=2026-08-26/0000000a-000000001.parquet",
    "/events/_progress/current.json",
    "/events/app_id=shop/dt=somebody/else",
    "/aggregates/_pending.json",
)


def test_days_before_the_first_are_deleted(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    for path in (*_OLD, *_KEPT):
        files.write(path, b"x")
    left = "4 folders of days deleted; 1 more days are past their retention, and one sweep deletes one day"
    assert sweep(files, date(2026, 8, 26)) == left
    assert [path for path in _OLD if files.exists(path)] == [_OLD[1]]
    assert sweep(files, date(2026, 8, 26)) == "1 folders of days deleted"
    assert not files.exists(_OLD[1])
    assert all(files.exists(path) for path in _KEPT)
    assert sweep(files, date(2026, 8, 26)) == "0 folders of days deleted"


def test_a_date_years_ahead_costs_one_day_per_sweep(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    days = [f"/events/app_id=shop/dt=2026-08-{day:02}/0000000a-000000001.parquet" for day in range(1, 31)]
    for path in days:
        files.write(path, b"x")
    sweep(files, date(2040, 1, 1))
    assert [path for path in days if files.exists(path)] == days[1:]

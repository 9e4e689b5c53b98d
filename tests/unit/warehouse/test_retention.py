"""Which partitions and records of runs are deleted."""

from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path

import pytest

from footfall.settings import Settings
from footfall.warehouse import published, retention
from footfall.warehouse.published import Published
from footfall.warehouse.retention import Partition
from footfall.warehouse.tables import DAY_PAGES
from tests.support.local_files import LocalFiles

DAY = date(2026, 11, 20)
OLDEST = date(2026, 9, 1)
OLD, SHOWN, NEW = "20261121T020000-aaaa", "20261122T020000-bbbb", "20261129T020000-cccc"
HOUR_MS = 3_600_000
NOW_MS = retention.begun_ms("20261129T030000-0000")


def known(published_ms: int) -> dict[date, Published]:
    return {DAY: Published(DAY, SHOWN, published_ms, "")}


def test_a_replaced_run_stays_for_a_day() -> None:
    stored = [Partition(DAY, OLD), Partition(DAY, SHOWN)]
    assert retention.obsolete(stored, known(NOW_MS - 23 * HOUR_MS), OLDEST, NOW_MS) == set()
    assert retention.obsolete(stored, known(NOW_MS - 25 * HOUR_MS), OLDEST, NOW_MS) == {Partition(DAY, OLD)}


def test_a_run_under_way_stays_however_old_the_published_one_is() -> None:
    stored = [Partition(DAY, SHOWN), Partition(DAY, NEW)]
    assert retention.obsolete(stored, known(NOW_MS - 200 * HOUR_MS), OLDEST, NOW_MS) == set()


def test_a_run_that_was_never_published_stays_for_a_week() -> None:
    stored = [Partition(DAY, OLD), Partition(DAY, NEW)]
    assert retention.obsolete(stored, {}, OLDEST, NOW_MS) == {Partition(DAY, OLD)}


def test_a_day_past_its_retention_goes_even_if_it_is_published() -> None:
    stored = [Partition(DAY, SHOWN)]
    assert retention.obsolete(stored, known(NOW_MS), date(2026, 11, 21), NOW_MS) == set(stored)


def test_a_clock_years_ahead_costs_one_published_day_per_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, days = LocalFiles(tmp_path), [DAY + timedelta(days=number) for number in range(5)]
    published.replace(files, {day: Published(day, SHOWN, NOW_MS, "") for day in days})
    for day in days:
        files.write(f"{DAY_PAGES.partition(str(day), SHOWN)}/part-0.parquet", b"")
    monkeypatch.setattr(retention, "Hdfs", lambda _: files)
    monkeypatch.setattr(retention, "Metastore", lambda _: None)
    monkeypatch.setattr(retention, "alone", lambda _: nullcontext())
    monkeypatch.setattr(retention.registration, "drop", lambda *_: None)
    monkeypatch.setattr(retention.time, "time", lambda: NOW_MS / 1000 + 20 * 365 * 86_400)
    retention.sweep(Settings(home=tmp_path))
    assert list(published.read(files)) == days[1:]
    assert [one.day for one in retention.partitions(files, DAY_PAGES)] == days[1:]


def test_only_folders_of_runs_are_partitions(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    for folder in (f"dt={DAY}/run={OLD}", f"dt={DAY}/run=mine", "dt=tomorrow/run=x", "notes"):
        files.write(f"{DAY_PAGES.folder}/{folder}/part-0.parquet", b"")
    assert retention.partitions(files, DAY_PAGES) == [Partition(DAY, OLD)]


@pytest.mark.parametrize(("run", "ms"), [("19700101T000001-0000", 1000), ("20261129T030000-ffff", NOW_MS)])
def test_a_run_says_when_it_began(run: str, ms: int) -> None:
    assert retention.begun_ms(run) == ms


def test_records_of_runs_that_are_gone_are_deleted(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    for name in (f"{OLD}.json", f"{OLD}-audit.json", f"{SHOWN}.json", f"{NEW}.json", "notes.json"):
        files.write(f"{retention.RUNS}/{name}", b"{}")
    assert retention._sweep_records(files, {SHOWN}, NOW_MS) == 2
    assert [file.name for file in files.list(retention.RUNS)] == [f"{SHOWN}.json", f"{NEW}.json", "notes.json"]

"""The oldest site logs are deleted first, and only after Flume has read them; days in HDFS go by their name."""

import json
import os
import time
from datetime import date
from pathlib import Path

import pytest

from footfall.logs import positions, retention
from footfall.logs.positions import position_file, read_positions, unread_bytes
from footfall.settings import Retention, Settings
from tests.unit.logs.fake_hdfs import Files


def _log(settings: Settings, app: str, name: str, size: int, age_s: float) -> Path:
    path = settings.logs_dir / "sites" / app / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (time.time() - age_s,) * 2)
    return path


def _bounded(settings: Settings, bytes_per_site: int) -> Settings:
    # Three sites, and the folder of the added ones.
    return Settings(home=settings.home, retention=Retention(site_logs_gib=4 * bytes_per_site / 2**30))


def _read(settings: Settings, positions: dict[Path, int]) -> None:
    position_file(settings).parent.mkdir(parents=True, exist_ok=True)
    entries = [{"inode": path.stat().st_ino, "pos": pos, "file": str(path)} for path, pos in positions.items()]
    position_file(settings).write_text(json.dumps(entries))


def _read_all(settings: Settings) -> None:
    _read(settings, {path: path.stat().st_size for path in settings.logs_dir.glob("sites/*/*.log")})


def test_the_oldest_site_logs_are_deleted_down_to_the_limit(settings: Settings) -> None:
    # The names sort the other way round; the age decides.
    old = _log(settings, "shop", "access-3.log", 100, 300)
    older = _log(settings, "shop", "error-9.log", 100, 400)
    kept = [
        _log(settings, "shop", "access-2.log", 100, 200),
        _log(settings, "shop", "access-1.log", 100, 100),
        _log(settings, "shop", "error-1.log", 50, 50),
        _log(settings, "news", "access-1.log", 250, 500),
    ]
    _read_all(settings)
    retention.sweep_site_logs(_bounded(settings, 250))
    assert not old.exists()
    assert not older.exists()
    assert all(path.exists() for path in kept)


def test_the_newest_file_of_each_kind_stays_whatever_its_size(settings: Settings) -> None:
    newest = [_log(settings, "shop", f"{kind}-2.log", 1000, 900) for kind in ("access", "error", "performance")]
    before = _log(settings, "shop", "access-1.log", 1, 1000)
    _read_all(settings)
    retention.sweep_site_logs(_bounded(settings, 10))
    assert all(path.exists() for path in newest)
    assert not before.exists()


def test_site_logs_within_the_bound_stay(settings: Settings) -> None:
    path = _log(settings, "shop", "access-1.log", 100, 90 * 86_400)
    _log(settings, "shop", "access-2.log", 100, 1)
    _read_all(settings)
    retention.sweep_site_logs(_bounded(settings, 200))
    assert path.exists()


def test_an_unread_file_stays_and_a_younger_one_is_deleted(settings: Settings) -> None:
    unknown = _log(settings, "shop", "access-1.log", 100, 400)
    half = _log(settings, "shop", "access-2.log", 100, 300)
    read = _log(settings, "shop", "access-3.log", 100, 200)
    newest = _log(settings, "shop", "access-4.log", 100, 100)
    _read(settings, {half: 99, read: 100, newest: 100})
    assert retention.sweep_site_logs(_bounded(settings, 10)) == "1 files deleted"
    assert [path.exists() for path in (unknown, half, read, newest)] == [True, True, False, True]


@pytest.mark.parametrize("content", [None, "", "[", '[{"file":"/x"}]', '{"a":1}', "[1]"])
def test_positions_that_cannot_be_read_delete_nothing(
    settings: Settings, content: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions, "_AGAIN_S", 0.0)
    path = _log(settings, "shop", "access-1.log", 100, 400)
    _log(settings, "shop", "access-2.log", 100, 300)
    if content is not None:
        position_file(settings).parent.mkdir(parents=True)
        position_file(settings).write_text(content)
    assert read_positions(settings) == {}
    assert unread_bytes(path, {}) == 100
    retention.sweep_site_logs(_bounded(settings, 1))
    assert path.exists()


def test_days_in_hdfs_are_deleted_after_the_retention(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files()
    for kind in ("access", "error", "performance"):
        for day in ("2026-10-24", "2026-10-25", "2026-11-24", "2026-12-24", "strange"):
            files.put(f"/logs/{kind}/dt={day}/box.1.log")
    files.put("/logs/other/dt=2020-01-01/x.log")
    monkeypatch.setattr(retention, "Hdfs", lambda _: files)
    assert retention.sweep_hdfs_logs(settings, date(2026, 11, 24)) == "3 folders of days deleted"
    assert {path for path in files.content if "2026-10-24" in path} == set()
    assert len(files.content) == 3 * 4 + 1
    # A date years ahead costs one day per sweep.
    left = "3 folders of days deleted; 2 more days are past their retention, and one sweep deletes one day"
    assert retention.sweep_hdfs_logs(settings, date(2040, 1, 1)) == left
    assert {path for path in files.content if "2026-10-25" in path} == set()
    assert len(files.content) == 3 * 3 + 1


def test_a_generated_file_is_never_treated_as_the_open_one(settings: Settings) -> None:
    written = _log(settings, "shop", "access-1.log", 100, 20)
    made = _log(settings, "shop", "access-history-20261101-20261124T080000-000.log", 100, 10)
    _read_all(settings)
    retention.sweep_site_logs(_bounded(settings, 50))
    assert written.exists()
    assert not made.exists()

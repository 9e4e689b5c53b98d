"""The mark of a full disk: when it is set, that it needs no space, and that it expires."""

import errno
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from footfall.runtime import disk_mark, free_disk
from footfall.settings import Retention, Settings

GIB = 2**30


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(home=tmp_path / "home", retention=Retention(free_disk_gib=5))
    made.run_dir.mkdir(parents=True)
    return made


def _disk(monkeypatch: pytest.MonkeyPatch, free_gib: float = 100, inodes: int = 10**7, left: int = 10**6) -> None:
    found = SimpleNamespace(f_bavail=int(free_gib * GIB), f_frsize=1, f_files=inodes, f_favail=left)
    monkeypatch.setattr(os, "statvfs", lambda _: found)


def test_the_mark_is_there_while_too_little_is_free(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for free_gib, low in ((5.1, False), (4.9, True), (4.9, True), (5.1, False), (5.1, False), (4.9, True)):
        _disk(monkeypatch, free_gib)
        free_disk.guard(settings)
        assert disk_mark.is_low(settings) == low


@pytest.mark.parametrize(
    ("inodes", "left", "low"), [(10**7, 9_999, True), (10**7, 10_000, False), (0, 0, False), (10**7, 0, True)]
)
def test_a_disk_without_inodes_is_full(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, inodes: int, left: int, low: bool
) -> None:
    _disk(monkeypatch, inodes=inodes, left=left)
    free_disk.guard(settings)
    assert disk_mark.is_low(settings) == low


def test_the_mark_is_set_where_no_file_can_be_created(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    _disk(monkeypatch)
    free_disk.guard(settings)
    create = os.open

    def full(path: str, flags: int, *more: int, **named: int) -> int:
        if flags & os.O_CREAT and not Path(path).exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        return create(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(OSError, match="No space"):
        (settings.run_dir / "another").touch()
    _disk(monkeypatch, 0.0, left=0)
    free_disk.guard(settings)
    assert disk_mark.is_low(settings)
    _disk(monkeypatch)
    free_disk.guard(settings)
    assert not disk_mark.is_low(settings)


@pytest.mark.parametrize("hours", [-24, 24])
def test_the_mark_of_a_dead_watchdog_expires(settings: Settings, monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    _disk(monkeypatch, 0.0)
    free_disk.guard(settings)
    now_s = time.time()
    for later_s, low in ((disk_mark.EXPIRES_S - 1, True), (disk_mark.EXPIRES_S + 1, False), (hours * 3600, False)):
        monkeypatch.setattr(time, "time", lambda now_s=now_s + later_s: now_s)
        assert disk_mark.is_low(settings) == low


def test_a_living_watchdog_renews_the_mark(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    _disk(monkeypatch, 0.0)
    free_disk.guard(settings)
    (mark,) = settings.run_dir.iterdir()
    os.utime(mark, (1, 1))
    assert not disk_mark.is_low(settings)
    free_disk.guard(settings)
    assert disk_mark.is_low(settings)


def test_the_fullest_disk_counts(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.data_dir.mkdir()

    def statvfs(folder: Path) -> SimpleNamespace:
        free_gib = 1 if folder == settings.data_dir else 100
        return SimpleNamespace(f_bavail=free_gib * GIB, f_frsize=1, f_files=0, f_favail=0)

    monkeypatch.setattr(os, "statvfs", statvfs)
    free_disk.guard(settings)
    assert disk_mark.is_low(settings)
    assert free_disk.shortage([settings.run_dir, settings.data_dir], 5) == (
        f"1.0 GiB of disk space is free at {settings.data_dir}; 5.0 GiB is needed"
    )


def test_the_mark_is_forgotten(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    free_disk.forget(settings)
    _disk(monkeypatch, 0.0)
    free_disk.guard(settings)
    free_disk.forget(settings)
    assert not disk_mark.is_low(settings)

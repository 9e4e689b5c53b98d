"""Generated log files reach Flume complete, and no faster than it reads them."""

import json
import time
from datetime import date
from pathlib import Path

import pytest

from footfall.history import log_shipper
from footfall.history.connection import Line
from footfall.history.log_shipper import LogShipper, clear_drafts, drafts_dir, write_drafts
from footfall.logs.positions import position_file
from footfall.settings import Settings

_DAY = date(2026, 11, 24)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(log_shipper, "_LOOK_EVERY_S", 0.0)
    return Settings(home=tmp_path)


def _lines(count: int) -> list[Line]:
    return [line for n in range(count) for line in (("access", n, b"a%04d\n" % n), ("performance", n, b"p%04d\n" % n))]


def _handed(settings: Settings) -> list[Path]:
    return sorted((settings.logs_dir / "sites").glob("*/*.log"))


def _flume_reads(settings: Settings, paths: list[Path]) -> None:
    position_file(settings).parent.mkdir(parents=True, exist_ok=True)
    entries = [{"inode": 1, "pos": path.stat().st_size, "file": str(path)} for path in paths]
    position_file(settings).write_text(json.dumps(entries))


def test_each_kind_has_files_of_its_own_that_flume_s_patterns_take(settings: Settings) -> None:
    drafts = write_drafts(settings, "news", _DAY, _lines(3))
    assert [path.name.split("-")[0] for path in drafts] == ["access", "performance"]
    assert all(path.name.endswith(".log") and "-history-20261124-" in path.name for path in drafts)
    assert drafts[0].read_bytes() == b"a0000\na0001\na0002\n"
    assert not _handed(settings)


def test_a_large_day_is_split_at_line_ends(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_shipper, "_FILE_BYTES", 20)
    drafts = [path for path in write_drafts(settings, "news", _DAY, _lines(10)) if path.name.startswith("access")]
    assert len(drafts) == 3
    assert b"".join(path.read_bytes() for path in drafts) == b"".join(b"a%04d\n" % n for n in range(10))
    assert all(path.read_bytes().endswith(b"\n") for path in drafts)


def test_files_are_handed_over_as_they_are_read(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_shipper, "_UNREAD_BYTES", 10)
    brought = LogShipper(settings)
    brought.add(write_drafts(settings, "shop", _DAY, _lines(3)))
    brought.add(write_drafts(settings, "news", _DAY, _lines(3)))
    assert brought.left == 4
    brought.look()
    first = _handed(settings)
    assert [(path.parent.name, path.name[:6]) for path in first] == [("shop", "access")]
    assert time.time() - first[0].stat().st_mtime < 60
    assert not brought.look()  # nothing was read on
    assert _handed(settings) == first
    while brought.left:
        _flume_reads(settings, _handed(settings))
        assert brought.look()
    assert len(_handed(settings)) == 4
    assert not [path for path in drafts_dir(settings).rglob("*") if path.is_file()]


def test_what_is_deleted_once_it_was_read_is_not_waited_for(settings: Settings) -> None:
    brought = LogShipper(settings)
    brought.add(write_drafts(settings, "shop", _DAY, _lines(1)))
    brought.look()
    for path in _handed(settings):
        path.unlink()
    brought.look()
    assert brought.left == 0


def test_drafts_of_an_interrupted_run_go(settings: Settings) -> None:
    write_drafts(settings, "shop", _DAY, _lines(1))
    clear_drafts(settings)
    assert not drafts_dir(settings).exists()

"""Flume is healthy only while it reads every line and each line arrives within a minute."""

import json
import os
import threading
import time
from pathlib import Path

import pytest

from footfall.logs import health
from footfall.logs.health import Health
from footfall.logs.positions import position_file
from footfall.settings import Settings
from tests.unit.logs.fake_hdfs import Files

_NOW_S = 1_795_478_400.0 + 40_000
_DAY = "/logs/access/dt=2026-11-24"


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Files:
    made = Files()
    monkeypatch.setattr(health, "Hdfs", lambda _: made)
    return made


def _site(settings: Settings, written_s: float, size: int = 100) -> Path:
    path = settings.logs_dir / "sites" / "shop" / "access-20261124T080000.123Z.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (written_s,) * 2)
    return path


def _flume(settings: Settings, said_s: float, positions: dict[Path, int]) -> None:
    path = position_file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([{"inode": 1, "pos": pos, "file": str(file)} for file, pos in positions.items()]))
    os.utime(path, (said_s,) * 2)


@pytest.fixture
def speaking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Flume that writes its positions each second."""
    monkeypatch.setattr(health, "_positions_are_written", lambda _: True)


def test_a_flume_that_does_not_write_its_positions_is_unhealthy(
    settings: Settings, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_SILENT_S", 0.3)
    with pytest.raises(FileNotFoundError):
        Health().fault(settings, _NOW_S)
    _flume(settings, time.time(), {})
    assert Health().fault(settings, _NOW_S) == "it has not written its positions for 0 s"


def test_a_flume_that_writes_its_positions_is_healthy(settings: Settings, files: Files) -> None:
    _flume(settings, _NOW_S, {})
    again = threading.Timer(0.3, _flume, (settings, _NOW_S + 1, {}))
    again.start()
    assert Health().fault(settings, _NOW_S) == ""
    again.join()


@pytest.mark.usefixtures("speaking")
def test_lines_may_wait_a_minute_to_be_read(settings: Settings, files: Files) -> None:
    path = _site(settings, _NOW_S - 59)
    _flume(settings, _NOW_S, {path: 40})
    assert Health().fault(settings, _NOW_S) == ""
    os.utime(path, (_NOW_S - 61,) * 2)
    assert Health().fault(settings, _NOW_S) == f"60 bytes of shop/{path.name} have waited for over a minute to be read"
    _flume(settings, _NOW_S, {path: 100})
    assert Health().fault(settings, _NOW_S) == ""


@pytest.mark.usefixtures("speaking")
@pytest.mark.parametrize(
    ("name", "modified_s", "well"),
    [
        ("box.1.log", 1.0, True),
        ("box.1.log", -1.0, False),
        # Open: written since its opening, unless that is longer ago than any file is written.
        ("_box.1.log.tmp", -200.0, True),
        ("_box.1.log.tmp", -900.0, False),
        (None, 0.0, False),
    ],
)
def test_lines_of_a_minute_ago_must_have_arrived(
    settings: Settings, files: Files, name: str | None, modified_s: float, well: bool
) -> None:
    asked, written_s = Health(), _NOW_S - 61
    path = _site(settings, written_s)
    _flume(settings, written_s, {path: 100})
    assert asked.fault(settings, written_s) == ""
    if name is not None:
        files.put(f"{_DAY}/{name}", b"line\n", written_s + modified_s)
    # Meanwhile more lines came, which are on their way.
    os.utime(path, (_NOW_S,) * 2)
    _flume(settings, _NOW_S, {path: 100})
    fault = asked.fault(settings, _NOW_S)
    assert fault == ("" if well else "access lines of a minute ago have not arrived in HDFS")


@pytest.mark.usefixtures("speaking")
def test_generated_lines_must_be_read_but_arrive_in_past_days(settings: Settings, files: Files) -> None:
    asked, written_s = Health(), _NOW_S - 61
    made = _site(settings, written_s).rename(
        settings.logs_dir / "sites" / "shop" / "access-history-20261101-20261124T080000-000.log"
    )
    _flume(settings, written_s, {made: 100})
    assert asked.fault(settings, written_s) == ""
    assert asked.fault(settings, _NOW_S) == ""
    _flume(settings, _NOW_S, {made: 99})
    assert asked.fault(settings, _NOW_S) == f"1 bytes of shop/{made.name} have waited for over a minute to be read"

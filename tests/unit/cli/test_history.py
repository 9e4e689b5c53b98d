"""The verb `history`: its options, its refusals and its output."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from footfall.cli import history as verb
from footfall.cli.main import _load
from footfall.history.run import HistoryError, Made


def _ask(*arguments: str) -> Result:
    return CliRunner().invoke(_load("history"), arguments)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FOOTFALL_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def running(home: Path) -> Path:
    (home / "run").mkdir()
    (home / "run" / "wanted.json").write_text('["flume", "kafka"]')
    return home


@pytest.mark.parametrize("days", ["0", "-1", "91", "10000"])
def test_days_out_of_bounds_are_wrong_use(days: str, running: Path) -> None:
    result = _ask("--days", days)
    assert result.exit_code == 2
    assert f"--days must be from 1 to 90, not {days}. HDFS keeps events for that long." in result.stderr


@pytest.mark.parametrize(
    ("option", "value", "bounds"),
    [("--events-per-day", "0", "100 to 1000000"), ("--users", "5", "100 to 10000000")],
)
def test_other_numbers_out_of_bounds_are_wrong_use(option: str, value: str, bounds: str, running: Path) -> None:
    result = _ask("--days", "1", option, value)
    assert result.exit_code == 2
    assert f"{option} must be from {bounds}, not {value}." in result.stderr


def test_text_instead_of_a_number_is_wrong_use(running: Path) -> None:
    assert _ask("--days", "three").exit_code == 2
    assert _ask().exit_code == 2


def test_a_stopped_platform_is_reported(home: Path) -> None:
    result = _ask("--days", "1")
    assert result.exit_code == 1
    assert "kafka, flume must run for this. Start Footfall with `./footfall up`." in result.stderr


def test_a_full_disk_is_reported_before_anything_is_generated(running: Path) -> None:
    (running / "run" / "disk-low").touch()
    result = _ask("--days", "1")
    assert result.exit_code == 1
    assert "Free some space first" in result.stderr


def _made() -> Made:
    return Made(
        {date(2026, 11, 23): 40, date(2026, 11, 24): 60}, {date(2026, 11, 23): 20, date(2026, 11, 24): 30}, seconds=0.5
    )


def test_the_days_are_one_document(running: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def make(settings: Any, days: list[date], today: date, events_per_day: int, progress: Any, repeats: bool) -> Made:
        asked.update(seed=settings.seed, users=settings.population, days=days, per_day=events_per_day, today=today)
        asked.update(repeats=repeats, strength=settings.taste_strength, groups=settings.planted_groups)
        progress(_made())
        return _made()

    monkeypatch.setattr(verb, "make", make)
    result = _ask("--days", "2", "--users", "500", "--events-per-day", "1000", "--seed", "3", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {
        "days": [
            {"dt": "2026-11-23", "events": 40, "log_lines": 20},
            {"dt": "2026-11-24", "events": 60, "log_lines": 30},
        ],
        "events": 100,
        "seconds": 0.5,
        "events_per_s": 200.0,
    }
    assert (asked["seed"], asked["users"], asked["per_day"]) == (3, 500, 1000)
    assert (asked["today"] - asked["days"][-1]).days == 1
    assert len(asked["days"]) == 2
    table = _ask("--days", "2").stdout
    assert "2026-11-24" in table
    assert "100 events in 0.5 s (200 per second)." in table


def test_an_error_is_reported_in_a_sentence(running: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Made:
        raise HistoryError("Kafka does not answer.")

    monkeypatch.setattr(verb, "make", fail)
    result = _ask("--days", "1", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Kafka does not answer." in result.stderr

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
    [
        ("--events-per-day", "0", "100 to 1000000"),
        ("--users", "5", "100 to 10000000"),
        ("--taste-strength", "3.5", "0 to 3"),
    ],
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

    def make(settings: Any, days: list[date], today: date, events_per_day: int, progress: Any, *_: bool) -> Made:
        asked.update(seed=settings.seed, users=settings.population, days=days, per_day=events_per_day, today=today)
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


def test_tastes_groups_and_repeats_are_as_asked_and_otherwise_as_set(
    running: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[float, bool, bool]] = []

    def make(settings: Any, *rest: Any) -> Made:
        asked.append((settings.taste_strength, settings.planted_groups, rest[-2]))
        return _made()

    monkeypatch.setattr(verb, "make", make)
    assert _ask("--days", "1").exit_code == 0
    assert _ask("--days", "1", "--taste-strength", "0.5", "--groups", "--no-repeats").exit_code == 0
    monkeypatch.setenv("FOOTFALL_PLANTED_GROUPS", "true")
    monkeypatch.setenv("FOOTFALL_TASTE_STRENGTH", "2")
    assert _ask("--days", "1").exit_code == 0
    assert _ask("--days", "1", "--no-groups").exit_code == 0
    assert asked == [(1.0, False, True), (0.5, True, False), (2.0, True, True), (2.0, False, True)]


def test_lists_are_shown_on_request_and_need_hbase(running: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def make(*given: Any) -> Made:
        asked.append(given[-1])
        return _made()

    monkeypatch.setattr(verb, "make", make)
    assert _ask("--days", "1").exit_code == 0
    monkeypatch.setattr(verb.lifecycle, "requested", lambda _: ["kafka", "flume"])
    refused = _ask("--days", "1", "--lists")
    assert (refused.exit_code, "hbase-thrift must run for this" in refused.stderr) == (1, True)
    monkeypatch.setattr(verb.lifecycle, "requested", lambda _: ["kafka", "flume", "hbase-thrift"])
    assert _ask("--days", "1", "--lists").exit_code == 0
    assert asked == [False, True]


def test_the_planted_truth_is_written_on_request(running: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verb, "make", lambda *_: _made())
    file = running / "truth.csv"
    assert _ask("--days", "1", "--users", "100", "--groups", "--planted-truth", str(file)).exit_code == 0
    assert file.read_text("utf-8").startswith("app_id,anonymous_id,user_id,group")
    result = _ask("--days", "1", "--planted-truth", str(file))
    assert (result.exit_code, "--planted-truth needs planted groups: add --groups" in result.stderr) == (2, True)
    result = _ask("--days", "1", "--groups", "--planted-truth", str(running / "absent" / "truth.csv"))
    assert result.exit_code == 1
    assert "cannot be written: No such file or directory." in result.stderr


def test_an_error_is_reported_in_a_sentence(running: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Made:
        raise HistoryError("Kafka does not answer.")

    monkeypatch.setattr(verb, "make", fail)
    result = _ask("--days", "1", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Kafka does not answer." in result.stderr

"""Following a run: progress, its outcome, an Airflow that is away for a moment, and cancellation."""

import os
import signal
from datetime import date
from typing import Any

import pytest

from footfall.workflows import follow
from footfall.workflows.client import Airflow, RunState
from footfall.workflows.errors import AirflowUnavailable
from tests.unit.workflows.made_up_airflow import MadeUpAirflow

_DAILY = "/api/v2/dags/daily/dagRuns"
_BACKFILL = "/api/v2/dags/backfill/dagRuns"
_READ = (200, {"dags": [{"dag_id": name, "is_paused": False} for name in ("daily", "backfill")]})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "_LOOK_S", 0.01)


def _run(state: str, workflow: str = "daily") -> tuple[int, dict[str, Any]]:
    return 200, {"dag_id": workflow, "dag_run_id": "r", "state": state, "conf": {}}


def _tasks(*tasks: tuple[str, str | None, int, float | None], place: int = -1) -> tuple[int, dict[str, Any]]:
    names = ("task_id", "state", "try_number", "duration")
    return 200, {"task_instances": [{**dict(zip(names, task, strict=True)), "map_index": place} for task in tasks]}


def test_one_day_is_followed_to_its_end(server: MadeUpAirflow) -> None:
    server.answers = {
        "GET /api/v2/dags": _READ,
        f"POST {_DAILY}": _run("queued"),
        f"GET {_DAILY}/r": [_run("queued"), _run("running"), _run("running"), _run("success")],
        f"GET {_DAILY}/r/taskInstances": [
            _tasks(("prepare", None, 0, None), ("logs", None, 0, None)),
            _tasks(("prepare", "running", 1, 0.1), ("logs", None, 0, None)),
            _tasks(("prepare", "success", 1, 2.0), ("logs", "up_for_retry", 1, 3.0)),
            _tasks(("prepare", "success", 1, 2.0), ("logs", "success", 2, 4.0)),
        ],
        f"GET {_DAILY}/r/taskInstances/logs/xcomEntries/failure": (200, {"value": "HDFS was away."}),
    }
    lines: list[str] = []
    outcome = follow.trigger_and_follow(server.settings, [date(2026, 11, 27)], lines.append)
    assert outcome.succeeded
    assert (outcome.workflow, outcome.run, outcome.sentence) == ("daily", "r", "")
    assert lines == [
        "started the workflow daily (r)",
        "waiting for the scheduler, or until an earlier run of the workflow has ended",
        "prepare: running",
        "prepare: done after 2 s",
        "logs: failed, and will be tried again after 3 s: HDFS was away.",
        "logs: done after 4 s",
    ]
    assert outcome.document()["succeeded"] is True
    assert [asked.body["conf"] for asked in server.asked if asked.path == _DAILY] == [{"day": "2026-11-27"}]


def test_a_range_is_one_run_of_backfill_and_its_failure_has_a_sentence(server: MadeUpAirflow) -> None:
    server.answers = {
        "GET /api/v2/dags": _READ,
        f"POST {_BACKFILL}": _run("queued", "backfill"),
        f"GET {_BACKFILL}/r": _run("failed", "backfill"),
        f"GET {_BACKFILL}/r/taskInstances": _tasks(("logs", "failed", 3, 9.0), ("audit", "upstream_failed", 0, 0.0)),
        f"GET {_BACKFILL}/r/taskInstances/logs/xcomEntries/failure": (200, {"value": "Pig found a damaged file."}),
    }
    lines: list[str] = []
    days = [date(2026, 11, 26), date(2026, 11, 24), date(2026, 11, 25)]
    outcome = follow.trigger_and_follow(server.settings, days, lines.append)
    assert not outcome.succeeded
    assert outcome.sentence == "logs: Pig found a damaged file."
    assert "audit: not started" in lines
    asked = [asked.body["conf"] for asked in server.asked if asked.path == _BACKFILL]
    assert asked == [{"from": "2026-11-24", "to": "2026-11-26"}]


def test_a_task_without_a_sentence_points_to_its_log(server: MadeUpAirflow) -> None:
    server.answers = {
        f"GET {_DAILY}/r": _run("failed"),
        f"GET {_DAILY}/r/taskInstances": _tasks(("events", "failed", 1, 9.0)),
    }
    outcome = follow.follow(Airflow(server.settings), RunState("daily", "r", "queued", {}), lambda _: None)
    assert outcome.sentence == "events failed. Its log is in Airflow, workflow daily, run r."


def test_parts_of_an_expanded_task_are_numbered(server: MadeUpAirflow) -> None:
    server.answers = {
        f"GET {_DAILY}/r": _run("success"),
        f"GET {_DAILY}/r/taskInstances": _tasks(("again.logs", "success", 1, 9.0), place=1),
    }
    lines: list[str] = []
    follow.follow(Airflow(server.settings), RunState("daily", "r", "running", {}), lines.append)
    assert lines == ["again.logs [2]: done after 9 s"]


def test_a_restart_of_airflow_is_waited_for(server: MadeUpAirflow) -> None:
    server.answers = {
        f"GET {_DAILY}/r": [(503, b""), (503, b""), _run("success")],
        f"GET {_DAILY}/r/taskInstances": _tasks(),
    }
    assert follow.follow(Airflow(server.settings), RunState("daily", "r", "running", {}), lambda _: None).succeeded


def test_an_airflow_that_stays_away_is_an_error(server: MadeUpAirflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "_PATIENCE_S", 0.05)
    server.answers = {f"GET {_DAILY}/r": (503, b"")}
    with pytest.raises(AirflowUnavailable):
        follow.follow(Airflow(server.settings), RunState("daily", "r", "running", {}), lambda _: None)


@pytest.mark.parametrize(
    ("interrupt", "expected", "status"),
    [(signal.SIGINT, KeyboardInterrupt, None), (signal.SIGTERM, SystemExit, 143)],
)
def test_an_interruption_cancels_the_run(
    server: MadeUpAirflow, interrupt: signal.Signals, expected: type[BaseException], status: int | None
) -> None:
    server.answers = {
        "GET /api/v2/dags": _READ,
        f"POST {_DAILY}": _run("queued"),
        f"GET {_DAILY}/r": _run("running"),
        f"GET {_DAILY}/r/taskInstances": _tasks(("prepare", "running", 1, 0.1)),
        f"PATCH {_DAILY}/r": _run("failed"),
    }

    def report(line: str) -> None:
        lines.append(line)
        if line == "prepare: running":
            os.kill(os.getpid(), interrupt)

    lines: list[str] = []
    before = signal.getsignal(signal.SIGTERM)
    # Tests that run in the background ignore it.
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(expected) as ended:
            follow.trigger_and_follow(server.settings, [date(2026, 11, 27)], report)
    finally:
        signal.signal(signal.SIGINT, usual)
    assert getattr(ended.value, "code", None) == status
    assert lines[-1] == "cancelled the run; its tasks end within seconds"
    assert signal.getsignal(signal.SIGTERM) is before
    assert server.paths("PATCH") == [f"{_DAILY}/r"]

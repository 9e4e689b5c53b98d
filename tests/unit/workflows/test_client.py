"""The client of Airflow's API: its login, its requests, and its errors as sentences."""

from pathlib import Path

import pytest

from footfall.settings import Ports, Settings
from footfall.workflows.client import Airflow, TaskState
from footfall.workflows.errors import AirflowRefused, AirflowUnavailable
from tests.unit.workflows.made_up_airflow import MadeUpAirflow

_RUN = {"dag_id": "daily", "dag_run_id": "manual__1+2", "state": "queued", "conf": {"day": "2026-11-27"}}
_READ = (200, {"dags": [{"dag_id": "daily", "is_paused": False}, {"dag_id": "hourly", "is_paused": True}]})


def test_a_run_is_started_with_one_login(server: MadeUpAirflow) -> None:
    server.answers = {"GET /api/v2/dags": _READ, "POST /api/v2/dags/daily/dagRuns": (200, _RUN)}
    run = Airflow(server.settings).trigger("daily", {"day": "2026-11-27"}, "mine")
    assert run == ("daily", "manual__1+2", "queued", {"day": "2026-11-27"})
    assert server.logins == 1
    assert server.asked[-1].token == "token-1"
    assert server.asked[-1].body == {"conf": {"day": "2026-11-27"}, "logical_date": None, "dag_run_id": "mine"}


def test_a_paused_or_unknown_workflow_is_not_started(server: MadeUpAirflow) -> None:
    server.answers = {"GET /api/v2/dags": _READ}
    with pytest.raises(AirflowRefused, match="hourly is paused"):
        Airflow(server.settings).trigger("hourly", {})
    with pytest.raises(AirflowUnavailable, match="has not read the workflow backfill yet"):
        Airflow(server.settings).trigger("backfill", {})
    assert [path for path in server.paths("POST") if "dagRuns" in path] == []


def test_an_expired_login_is_renewed(server: MadeUpAirflow) -> None:
    airflow = Airflow(server.settings)
    path = "GET /api/v2/dags/daily/dagRuns/manual__1%2B2"
    server.answers = {path: [(200, _RUN), (401, {"detail": "expired"}), (200, {**_RUN, "state": "success"})]}
    assert airflow.run("daily", "manual__1+2").state == "queued"
    assert airflow.run("daily", "manual__1+2").state == "success"
    assert server.logins == 2
    assert [asked.token for asked in server.asked if "dagRuns" in asked.path] == ["token-1", "token-1", "token-2"]


def test_a_refused_password_names_its_file(server: MadeUpAirflow) -> None:
    server.answers = {"POST /auth/token": (401, {"detail": "Invalid credentials"})}
    with pytest.raises(AirflowUnavailable, match=r"refuses the password in .*/secrets/airflow\."):
        Airflow(server.settings).workflows()


def test_tasks_and_the_sentence_of_a_failure(server: MadeUpAirflow) -> None:
    of_run = "GET /api/v2/dags/hourly/dagRuns/r/taskInstances"
    task = {"task_id": "again.logs", "map_index": 1, "state": "failed", "try_number": 3, "duration": 2.5}
    server.answers = {
        of_run: (200, {"task_instances": [task]}),
        f"{of_run}/again.logs/xcomEntries/failure": (200, {"value": "HDFS is away."}),
    }
    airflow = Airflow(server.settings)
    [state] = airflow.tasks("hourly", "r")
    assert state == TaskState("again.logs", 1, "failed", 3, 2.5)
    assert airflow.failure("hourly", "r", state) == "HDFS is away."
    assert server.asked[-1].path.endswith("?map_index=1")
    assert airflow.failure("hourly", "r", state._replace(name="dirty")) == ""


def test_a_run_is_cancelled_by_failing_it(server: MadeUpAirflow) -> None:
    server.answers = {"PATCH /api/v2/dags/daily/dagRuns/r": (200, _RUN)}
    Airflow(server.settings).cancel("daily", "r")
    assert server.asked[-1].body == {"state": "failed"}


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the client would wait; it does not."""
    seconds: list[float] = []
    monkeypatch.setattr("footfall.workflows.client.time.sleep", seconds.append)
    return seconds


def test_a_run_that_its_scheduler_moves_meanwhile_is_cancelled_at_the_next_attempt(
    server: MadeUpAirflow, pauses: list[float]
) -> None:
    path = "/api/v2/dags/daily/dagRuns/r"
    running = (200, {**_RUN, "state": "running"})
    server.answers = {f"GET {path}": running, f"PATCH {path}": [(500, b"Internal Server Error"), (200, _RUN)]}
    Airflow(server.settings).cancel("daily", "r")
    assert len(server.paths("PATCH")) == 2
    assert len(pauses) == 1


def test_a_run_that_ended_meanwhile_needs_no_cancelling(server: MadeUpAirflow, pauses: list[float]) -> None:
    path = "/api/v2/dags/daily/dagRuns/r"
    server.answers = {f"GET {path}": (200, {**_RUN, "state": "success"}), f"PATCH {path}": (500, b"")}
    Airflow(server.settings).cancel("daily", "r")
    assert len(server.paths("PATCH")) == 1
    assert len(pauses) == 1


def test_attempts_to_cancel_are_bounded(server: MadeUpAirflow, pauses: list[float]) -> None:
    path = "/api/v2/dags/daily/dagRuns/r"
    server.answers = {f"GET {path}": (200, {**_RUN, "state": "running"}), f"PATCH {path}": (500, b"")}
    with pytest.raises(AirflowUnavailable, match=r"Airflow failed \(500\)"):
        Airflow(server.settings).cancel("daily", "r")
    assert len(server.paths("PATCH")) == 4
    assert sum(pauses) < 10


def test_an_airflow_that_is_away_is_not_asked_again_to_cancel(tmp_path: Path, pauses: list[float]) -> None:
    with pytest.raises(AirflowUnavailable, match="does not answer"):
        Airflow(Settings(home=tmp_path, ports=Ports(airflow=1))).cancel("daily", "r")
    assert pauses == []


@pytest.mark.parametrize(
    ("detail", "sentence"),
    [
        ("2026-11-31 is not a 'date'\nfor param day", r"Airflow refused \(400\): 2026-11-31 is not a 'date'\."),
        ([{"msg": "field required"}, {"msg": "too long"}], "field required; too long"),
        ({"reason": "not_running"}, "not_running"),
        (None, "it gave no reason"),
    ],
)
def test_a_refusal_gives_airflows_reason(server: MadeUpAirflow, detail: object, sentence: str) -> None:
    server.answers = {"GET /api/v2/dags": _READ, "POST /api/v2/dags/daily/dagRuns": (400, {"detail": detail})}
    with pytest.raises(AirflowRefused, match=sentence) as caught:
        Airflow(server.settings).trigger("daily", {"day": "2026-11-31"})
    assert caught.value.status == 400


@pytest.mark.parametrize("answer", [(502, b"<html>"), (200, b"<html>"), (200, b"[]")])
def test_garbage_is_a_sentence(server: MadeUpAirflow, answer: tuple[int, bytes]) -> None:
    server.answers = {"GET /api/v2/monitor/health": answer}
    with pytest.raises(AirflowUnavailable, match=r"Airflow (failed \(502\)|sent an answer of an unknown form)"):
        Airflow(server.settings).health()


def test_an_airflow_that_is_away_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(AirflowUnavailable, match=r"does not answer at http://127\.0\.0\.1:1 "):
        Airflow(Settings(home=tmp_path, ports=Ports(airflow=1))).health()


def test_unreadable_files_are_listed_with_their_last_line(server: MadeUpAirflow) -> None:
    errors = [{"filename": "daily.py", "stack_trace": "Traceback\n  line\nImportError: no module x\n"}]
    server.answers = {"GET /api/v2/importErrors": (200, {"import_errors": errors})}
    assert Airflow(server.settings).unreadable() == {"daily.py": "ImportError: no module x"}

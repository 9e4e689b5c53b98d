"""The days that verbs about runs take: as Airflow's tasks and people give them."""

import sys
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
import typer

from footfall.cli import batch, job, learn, runs
from footfall.cli import main as command_line
from footfall.hdfs import Hdfs
from footfall.jobs import execution
from footfall.jobs.model import Job, Request
from footfall.learning import jobs as learning
from footfall.learning.runs import plan_path
from footfall.settings import Settings
from footfall.warehouse import manifest
from footfall.warehouse.audit import Verdict
from footfall.warehouse.errors import NothingArrived
from footfall.warehouse.manifest import Manifest
from footfall.warehouse.sqoop.job import PROFILES_JOB
from footfall.workflows import follow
from tests.support.fresh_home import environment as environment
from tests.support.local_files import LocalFiles

RUN = "20261129T020000-1a2b"
DAYS = (date(2026, 11, 24), date(2026, 11, 26))


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    """A run of two days between which one has no data, and the plan of a run of learning."""
    files = LocalFiles(tmp_path)
    manifest.store(files, Manifest(RUN, list(map(str, DAYS)), 1, {}, {}, {}))
    files.write(
        plan_path("20261129T030000-1a2b"),
        b'{"run": "20261129T030000-1a2b", "partitions": {"2026-11-26": "r"}, "missing": ["2026-11-25"], "train": []}',
    )
    return files


def _status(monkeypatch: pytest.MonkeyPatch, *words: str) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["footfall", *words])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    return ended.value.code


@pytest.mark.parametrize("verb", [("batch",), ("batch", "prepare")])
def test_a_day_past_the_retention_of_events_is_wrong_use(
    verb: tuple[str, ...], environment: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _status(monkeypatch, *verb, "--date", "1900-01-01") == 2
    assert "The events of 1900-01-01 are past their retention of 90 days." in capsys.readouterr().err


@pytest.mark.parametrize("text", ["２０２６-11-24", "20261124", "2026-W48-2", "2026-02-30", " 2026-11-24", ""])
def test_what_is_no_day_is_wrong_use(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        runs.days_of(text, None, None)
    assert ended.value.exit_code == 2
    assert "is not a UTC day such as 2026-11-24." in capsys.readouterr().err


def test_days_without_data_are_wrong_use_unless_a_schedule_named_them(
    environment: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> Manifest:
        raise NothingArrived("There is nothing to run.")

    monkeypatch.setattr(batch, "running", Settings)
    monkeypatch.setattr(batch.preparation, "prepare", refuse)
    yesterday = str(date.fromordinal(datetime.now(timezone.utc).date().toordinal() - 1))
    assert _status(monkeypatch, "batch", "prepare", "--date", yesterday, "--json") == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "There is nothing to run.\n")
    assert _status(monkeypatch, "batch", "prepare", "--date", yesterday, "--json", "--unless-empty") == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("null\n", "There is nothing to run.\n")


def test_a_batch_of_days_without_data_starts_no_run_of_airflow(
    environment: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> list[date]:
        raise NothingArrived("There is nothing to run.")

    monkeypatch.setattr(batch, "running", Settings)
    monkeypatch.setattr(batch.preparation, "look_first", refuse)
    monkeypatch.setattr(follow, "trigger_and_follow", lambda *_: pytest.fail("Airflow was asked"))
    yesterday = datetime.now(timezone.utc).date() - timedelta(days=1)
    assert _status(monkeypatch, "batch", "--date", str(yesterday)) == 2
    assert capsys.readouterr().err == (
        f"There is nothing to run. `./footfall history --days 1` makes visits since {yesterday}, with their tables.\n"
    )


def test_a_batch_runs_the_days_that_have_data(environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    yesterday = datetime.now(timezone.utc).date() - timedelta(days=1)
    ran: list[list[date]] = []

    def run(_: Settings, days: list[date], report: object) -> follow.Outcome:
        ran.append(days)
        return follow.Outcome(True, "daily", "r", 1.0, "")

    monkeypatch.setattr(batch, "running", Settings)
    monkeypatch.setattr(batch.preparation, "look_first", lambda *_: [yesterday])
    monkeypatch.setattr(follow, "trigger_and_follow", run)
    before = yesterday - timedelta(days=2)
    assert _status(monkeypatch, "batch", "--from", str(before), "--to", str(yesterday)) == 0
    assert ran == [[yesterday]]


def test_learning_up_to_a_day_without_tables_starts_no_run_of_airflow(
    environment: None,
    files: LocalFiles,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(learn, "running", Settings)
    monkeypatch.setattr(learn, "Hdfs", lambda _: files)
    monkeypatch.setattr(follow, "learn_and_follow", lambda *_: pytest.fail("Airflow was asked"))
    assert _status(monkeypatch, "learn") == 2
    assert capsys.readouterr().err.startswith(
        "No day is published, so there is nothing to learn from. HDFS has no events"
    )


def test_a_job_runs_for_the_days_of_its_run(files: LocalFiles) -> None:
    logs = job._BY_NAME["logs"]
    assert job._of_run(files, logs, RUN, ()) == DAYS
    # The range of a task contains a day that the run left out.
    assert job._of_run(files, logs, RUN, (DAYS[0], date(2026, 11, 25), DAYS[1])) == DAYS
    assert job._of_run(files, logs, RUN, DAYS[1:]) == DAYS[1:]


def test_a_job_of_learning_runs_for_its_window(files: LocalFiles) -> None:
    assert job._of_run(files, learning.JOBS[0], "20261129T030000-1a2b", ()) == (date(2026, 11, 25), DAYS[1])


def test_days_outside_of_the_run_are_wrong_use(files: LocalFiles, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        job._of_run(files, job._BY_NAME["events"], RUN, (date(2026, 11, 25),))
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err == (
        "The run 20261129T020000-1a2b has none of these days. Its days are 2026-11-24, 2026-11-26.\n"
    )


def test_profiles_alone_need_neither_a_run_nor_days(environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Job, Request]] = []
    monkeypatch.setattr(execution, "execute", lambda _, job, request, report: asked.append((job, request)))
    assert _status(monkeypatch, "job", "run", "profiles") == 0
    [(ran, request)] = asked
    assert ran is PROFILES_JOB
    assert request.days == (datetime.now(timezone.utc).date(),)
    runs.check_run(request.run)


def test_another_job_needs_its_run(
    environment: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Hdfs, "read", lambda *_: pytest.fail("HDFS was asked"))
    assert _status(monkeypatch, "job", "run", "events") == 2
    assert "events needs --run RUN." in capsys.readouterr().err


def test_an_audit_names_the_days_that_passed(
    environment: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    verdicts = [Verdict(DAYS[0], [], ["Few visits."]), Verdict(DAYS[1], ["A visit is gone."], [])]
    monkeypatch.setattr(batch, "running", Settings)
    monkeypatch.setattr(batch.audits, "audit", lambda *_: verdicts)
    assert _status(monkeypatch, "batch", "audit", "--run", RUN) == 0
    said = capsys.readouterr()
    assert (said.out, said.err.splitlines()) == (
        "",
        ["2026-11-24: warning: Few visits.", "2026-11-26: failed: A visit is gone.", "2026-11-24 passed the checks."],
    )

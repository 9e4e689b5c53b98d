"""The running Airflow: its login, its workflows, and real commands that succeed, fail and are cancelled."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Final

import psutil
import pytest
import urllib3
from playwright.sync_api import expect

from footfall import postgres
from footfall.cluster.installation import airflow_environment
from footfall.cluster.services import BY_NAME
from footfall.runtime import orphans
from footfall.settings import REPOSITORY, Settings
from footfall.workflows.client import FINAL_STATES, USER, Airflow, RunState, password
from footfall.workflows.errors import AirflowRefused
from footfall.workflows.follow import Outcome, follow, trigger
from footfall.workflows.names import BACKFILL, DAILY, HOURLY, LEARNING
from tests.support.browser import chromium
from tests.support.platform import await_true

# What the two workflows without a group have in common: task → the tasks that follow it, and its pool.
_DAY_RUN: Final = {
    "prepare": (["logs", "profiles"], "default_pool"),
    "profiles": (["profiles_in_use"], "default_pool"),
    "profiles_in_use": (["events"], "default_pool"),
    "logs": (["events"], "heavy"),
    "events": (["register"], "heavy"),
    "register": (["audit"], "default_pool"),
    "audit": (["publish"], "default_pool"),
    "publish": ([], "default_pool"),
}
_LEARNING: Final = {
    "prepare": (["inputs"], "default_pool"),
    "inputs": (["recommender_model", "segment_model"], "default_pool"),
    "segment_model": (["segments"], "default_pool"),
    "segments": (["publish"], "heavy"),
    "recommender_model": (["recommendations"], "default_pool"),
    "recommendations": (["publish"], "heavy"),
    "publish": ([], "default_pool"),
}
_LOOK: Final = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
found = DagBag(sys.argv[1])
print("LOOK" + json.dumps({
    "errors": found.import_errors,
    "dags": {
        dag.dag_id: {task.task_id: (sorted(task.downstream_task_ids), task.pool) for task in dag.tasks}
        for dag in found.dags.values()
    },
    "limits": sorted({
        (dag.dag_id, dag.max_active_runs, dag.catchup, bool(dag.doc_md), bool(dag.tags)) for dag in found.dags.values()
    }),
    "timeouts": all(task.execution_timeout for dag in found.dags.values() for task in dag.tasks),
}))
"""


@pytest.fixture(scope="module")
def airflow(platform: Settings) -> Airflow:
    # Its first answers take seconds on a busy machine.
    return Airflow(platform, timeout_s=30)


@pytest.fixture(scope="module")
def refused(airflow: Airflow) -> tuple[Outcome, list[str]]:
    """A run of a day that is not over, and its progress."""
    lines: list[str] = []
    return follow(airflow, trigger(airflow, [_yesterday() + timedelta(days=2)]), lines.append), lines


@pytest.fixture
def started(airflow: Airflow) -> Iterator[list[RunState]]:
    """Runs that a test started; those that go on after it are cancelled."""
    runs: list[RunState] = []
    yield runs
    for run in runs:
        if airflow.run(run.workflow, run.run).state not in FINAL_STATES:
            airflow.cancel(run.workflow, run.run)


def _yesterday() -> date:
    return datetime.now(timezone.utc).date() - timedelta(days=1)


def _running(settings: Settings, *words: str) -> list[psutil.Process]:
    """Processes of our command line with these arguments."""
    found = []
    for process in orphans.marked(settings):
        try:
            if " ".join(("footfall", *words)) in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_only_the_generated_password_is_accepted(platform: Settings) -> None:
    http, url = urllib3.PoolManager(), platform.url("airflow")
    wrong = http.request("POST", f"{url}/auth/token", json={"username": USER, "password": "footfall"})
    assert wrong.status == 401
    assert http.request("GET", f"{url}/api/v2/dags").status == 401
    right = http.request("POST", f"{url}/auth/token", json={"username": USER, "password": password(platform)})
    assert right.status == 201


def test_the_workflows_are_wired_as_described(platform: Settings) -> None:
    dags = REPOSITORY / "src" / "footfall" / "workflows" / "dags"
    python = str(airflow_environment.program(platform, "python"))
    configuration = platform.conf_dir / "airflow-dag-processor" / "airflow.cfg"
    done = subprocess.run(
        [python, "-c", _LOOK, str(dags)],
        env=os.environ
        | {
            "PYTHONPATH": str(REPOSITORY / "src"),
            "AIRFLOW_HOME": str(platform.data_dir / "airflow"),
            "AIRFLOW_CONFIG": str(configuration),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.dsn(platform, "airflow", driver="psycopg2"),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    seen = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("LOOK"))[4:])
    assert seen["errors"] == {}
    wired = {
        name: {task: (after, pool) for task, (after, pool) in tasks.items()} for name, tasks in seen["dags"].items()
    }
    assert wired[DAILY] == wired[BACKFILL] == _DAY_RUN
    assert wired[LEARNING] == _LEARNING
    assert wired[HOURLY] == {
        "dirty": (["again.prepare"], "default_pool"),
        **{f"again.{task}": ([f"again.{one}" for one in after], pool) for task, (after, pool) in _DAY_RUN.items()},
    }
    assert seen["limits"] == [[name, 1, False, True, True] for name in (BACKFILL, DAILY, HOURLY, LEARNING)]
    assert seen["timeouts"]


def test_heavy_tasks_share_one_slot_and_the_database_is_migrated_once(platform: Settings, airflow: Airflow) -> None:
    assert airflow._ask("GET", "/pools/heavy")["slots"] == 1
    migrate = BY_NAME["airflow-database"].step
    assert migrate is not None
    began_s = time.monotonic()
    migrate(platform)
    assert time.monotonic() - began_s < 2, "the database was migrated again"


def test_a_command_that_succeeds_ends_its_task(airflow: Airflow, started: list[RunState]) -> None:
    started.append(airflow.trigger(HOURLY, {}))
    [run] = started

    def asked() -> bool:
        return any(task.name == "dirty" and task.state == "success" for task in airflow.tasks(run.workflow, run.run))

    await_true(asked, "the task `dirty` to succeed", seconds=60, every=1)


def test_a_command_that_fails_gives_its_sentence_and_is_not_repeated_in_vain(
    refused: tuple[Outcome, list[str]],
) -> None:
    outcome, lines = refused
    assert not outcome.succeeded
    assert outcome.sentence.startswith("prepare: ")
    assert "is not over yet" in outcome.sentence
    assert not any("tried again" in line for line in lines)
    assert "publish: not started" in lines


def test_what_is_no_day_is_refused_before_a_run_begins(airflow: Airflow) -> None:
    with pytest.raises(AirflowRefused, match="2026-02-30"):
        airflow.trigger(DAILY, {"day": "2026-02-30"})


def test_a_cancelled_run_ends_its_command(platform: Settings, airflow: Airflow, started: list[RunState]) -> None:
    started.append(trigger(airflow, [_yesterday() - timedelta(days=1), _yesterday()]))
    [run] = started
    command = ("batch", "prepare", "--from")
    await_true(lambda: bool(_running(platform, *command)), "the run's first command", seconds=60, every=0.1)
    airflow.cancel(run.workflow, run.run)
    began_s = time.monotonic()
    await_true(lambda: not _running(platform, *command), "the end of the command", seconds=30)
    assert time.monotonic() - began_s < 20
    outcome: Outcome = follow(airflow, run, lambda _: None)
    assert not outcome.succeeded


def test_the_pages_ask_for_the_login_and_show_workflow_and_log(
    platform: Settings, refused: tuple[Outcome, list[str]]
) -> None:
    url = platform.url("airflow")
    hosts: set[str] = set()
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
        page.goto(f"{url}/dags/{DAILY}")
        page.get_by_label("Username").fill(USER)
        page.get_by_label("Password").fill(password(platform))
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("daily: one day becomes history").first).to_be_visible(timeout=30_000)
        page.goto(f"{url}/dags/{DAILY}/runs/{refused[0].run}/tasks/prepare")
        expect(page.get_by_text("is not over yet").first).to_be_visible(timeout=30_000)
    assert hosts == {url.removeprefix("http://")}

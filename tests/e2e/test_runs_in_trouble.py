"""Runs of past days that are killed, meet each other, or lack an engine, room or log lines: no figure changes."""

import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Final

import psutil
import pytest

from footfall.cluster.engines.yarn import STEP_MB, node
from footfall.jobs.model import tag
from footfall.names import LOG_KINDS
from footfall.workflows.client import Airflow
from footfall.workflows.follow import follow, trigger
from footfall.yarn import Yarn
from tests.support import yarn
from tests.support.full_datanode import full
from tests.support.long_tests import only_in_all
from tests.support.past_days import PastDays
from tests.support.platform import await_true

_PUBLISH: Final = """
import os, signal, sys
from footfall.cluster.supervision.run import recall
from footfall.hdfs import Hdfs
from footfall.warehouse import audit, firsts, manifest, publish

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

point, run = sys.argv[1:]
setattr(*{
    "staged": (Hdfs, "replace", die),
    "shown": (manifest, "record_published", die),
    "recorded": (firsts, "rebuild", die),
}[point])
# The replaced run may have read less, for which publishing would refuse it.
publish._refuse_older = lambda *_: None
settings = recall()
publish.publish(settings, run, audit.verdicts_of(Hdfs(settings), run))
"""


@pytest.fixture(scope="module")
def runs(past: PastDays) -> tuple[str, str]:
    """Two runs of the second day with the same figures: a replaced one, and the published one."""
    day = past.days[1]
    if past.run_of(day) == past.first_runs[day]:
        done = past.platform.run("batch", "--date", str(day), timeout=900)
        assert done.returncode == 0, done.stderr[-4000:]
    return past.first_runs[day], past.run_of(day)


@pytest.mark.parametrize("point", ["staged", "shown", "recorded"])
def test_a_kill_in_the_middle_of_publishing_leaves_one_run_or_the_other(
    past: PastDays, runs: tuple[str, str], point: str
) -> None:
    (other, shown), day = runs, past.days[1]
    before = past.query("most-visited-pages", day, day, {})
    killed = past.platform.python("-c", _PUBLISH, point, other, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert past.run_of(day) == (shown if point == "staged" else other)
    assert past.query("most-visited-pages", day, day, {}) == before
    # The killed process holds no lock, and publishing begins anew.
    done = past.platform.run("batch", "publish", "--run", shown)
    assert done.returncode == 0, done.stderr[-4000:]
    assert past.run_of(day) == shown
    assert past.query("most-visited-pages", day, day, {}) == before


def _prepared(past: PastDays) -> str:
    """A new run of the second day."""
    done = past.platform.run("batch", "prepare", "--date", str(past.days[1]))
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.strip()


def _started(past: PastDays, *arguments: str) -> "subprocess.Popen[str]":
    """A verb that runs in the background."""
    return subprocess.Popen(
        [sys.executable, "-m", "footfall", *arguments],
        cwd=past.platform.clone,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _job(past: PastDays, name: str, run: str) -> tuple[str, ...]:
    """The verb that runs a job for the second day."""
    return ("job", "run", name, "--run", run, "--date", str(past.days[1]))


def _runs(past: PastDays, job: str) -> Callable[[], bool]:
    def runs() -> bool:
        listed = past.platform.json("job", "list")["executions"]
        return any(one["job"] == job and one["state"] == "running" for one in listed)

    return runs


def _is_connected(pid: int, port: int) -> bool:
    return any(one.raddr and one.raddr.port == port for one in psutil.Process(pid).net_connections("tcp"))


@only_in_all
@pytest.mark.timeout(1800)
def test_a_run_that_is_killed_at_each_step_is_finished_by_repeating_the_step(past: PastDays) -> None:
    day = past.days[1]
    before, run = past.figures(day), _prepared(past)
    yarn_client = Yarn(past.platform.settings)

    def on_yarn(job: str) -> Callable[[], bool]:
        return lambda: bool(yarn_client.applications(tag(job, run)))

    steps: list[tuple[tuple[str, ...], Callable[[], bool]]] = [
        *((_job(past, name, run), on_yarn(name)) for name in ("profiles", "logs", "events")),
        (_job(past, "register", run), _runs(past, "register")),
    ]
    for step, is_under_way in steps:
        with _started(past, *step) as doomed:
            await_true(is_under_way, f"{step} to be under way", 120)
            assert doomed.poll() is None, f"{step} was to be under way: {doomed.communicate()[0]}"
            for process in past.platform.processes(run):
                past.platform.kill(process.pid)
        assert past.query("daily-summary", day, day, {}), step
        done = past.platform.run(*step, timeout=900)
        assert done.returncode == 0, (step, done.stderr[-4000:])
    with _started(past, "batch", "audit", "--run", run) as doomed:
        server = past.platform.settings.port("hive_server2")
        await_true(lambda: _is_connected(doomed.pid, server), "the audit to ask Hive", 60, every=0.02)
        doomed.kill()
    assert doomed.returncode == -signal.SIGKILL
    for step in (("batch", "audit", "--run", run), ("batch", "publish", "--run", run)):
        done = past.platform.run(*step, timeout=900)
        assert done.returncode == 0, (step, done.stderr[-4000:])
    assert past.run_of(day) == run
    past.assert_same_figures(day, before)


@only_in_all
@pytest.mark.timeout(1800)
def test_two_runs_of_a_day_at_once_end_one_after_the_other(past: PastDays) -> None:
    first, day = past.days
    before, airflow = past.figures(day), Airflow(past.platform.settings, timeout_s=30)
    started = [trigger(airflow, [day]), trigger(airflow, [first, day])]
    assert len({one.workflow for one in started}) == 2
    outcomes = [follow(airflow, one, lambda _: None) for one in started]
    assert all(one.succeeded for one in outcomes), [one.sentence for one in outcomes]
    past.assert_same_figures(day, before)
    past.platform.assert_verified()


@only_in_all
@pytest.mark.timeout(1800)
def test_a_run_survives_engines_that_are_away_for_a_moment(past: PastDays) -> None:
    day = past.days[1]
    before, was = past.figures(day), past.run_of(day)
    with _started(past, "batch", "--date", str(day)) as running:
        for job, services in (
            ("logs", ("postgres", "airflow-scheduler")),
            ("events", ("hive-metastore", "hive-server2")),
        ):
            await_true(_runs(past, job), f"the job {job} to run", 300, every=1)
            killed = {name: past.platform.kill_service(name) for name in services}
            for name, pid in killed.items():
                past.platform.await_back(name, pid)
        output, _ = running.communicate(timeout=900)
    assert running.returncode == 0, output[-4000:]
    assert past.run_of(day) > was
    past.assert_same_figures(day, before)


@only_in_all
@pytest.mark.timeout(1800)
def test_a_full_disk_and_a_full_queue_stop_a_run_and_leave_the_day(past: PastDays) -> None:
    day, settings = past.days[1], past.platform.settings
    before, run = past.figures(day), _prepared(past)
    with full(settings):
        refused = past.platform.run(*_job(past, "logs", run), timeout=900)
        assert refused.returncode == 1
        assert "has no room" in refused.stderr.splitlines()[-1], refused.stderr
        past.assert_same_figures(day, before)
    past.platform.await_well()
    share_mb = next(queue.memory_mb for queue in node(settings).queues if queue.name == "batch")
    asked = yarn.submit(settings, "batch", [share_mb - STEP_MB], "sleep 900")
    try:
        await_true(lambda: yarn.queue(settings, "batch")["numActiveApplications"] == 1, "a full queue", 60)
        with _started(past, *_job(past, "logs", run)) as waiting:
            await_true(lambda: yarn.queue(settings, "batch")["numPendingApplications"] == 1, "a job that waits", 60)
            assert waiting.poll() is None, waiting.communicate()[0]
            for application in asked:
                yarn.end(settings, application)
            output, _ = waiting.communicate(timeout=600)
        assert waiting.returncode == 0, output
    finally:
        for application in asked:
            yarn.end(settings, application)
    past.assert_same_figures(day, before)


@only_in_all
@pytest.mark.timeout(1800)
def test_a_day_whose_log_lines_are_gone_keeps_their_tables(past: PastDays) -> None:
    day = past.days[0]
    before, was = past.figures(day), past.run_of(day)
    folders = {f"/logs/{kind}/dt={day}": f"/logs/_{kind}_aside" for kind in LOG_KINDS}
    moved = [folder for folder, aside in folders.items() if past.hdfs.rename(folder, aside)]
    assert moved
    try:
        done = past.platform.run("batch", "--date", str(day), timeout=900)
        assert done.returncode == 0, done.stderr[-4000:]
        assert past.run_of(day) > was
        past.assert_same_figures(day, before)
        # The lines were not old enough to be deleted, and `verify` says so; Hive lacks nothing.
        assert {problem["store"] for problem in past.platform.verify()["problems"]} == {"logs"}
    finally:
        for folder in moved:
            past.hdfs.rename(folders[folder], folder)
    past.platform.assert_verified()

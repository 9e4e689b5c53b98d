"""Starts a workflow for days, follows it with progress, and says how it ended."""

import time
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from footfall.runtime.termination import Terminated, terminable
from footfall.settings import Settings
from footfall.workflows.client import FINAL_STATES, Airflow, RunState, TaskState
from footfall.workflows.errors import AirflowUnavailable
from footfall.workflows.names import BACKFILL, DAILY, LEARNING

Report = Callable[[str], None]
_LOOK_S: Final = 2.0
# A restart of Airflow's API server takes less. Its runs go on meanwhile.
_PATIENCE_S: Final = 180.0
# How a task's state is reported.
_WORDS: Final = {
    "running": "running",
    "success": "done",
    "failed": "failed",
    "up_for_retry": "failed, and will be tried again",
    "upstream_failed": "not started",
    "skipped": "skipped",
}


class Outcome(NamedTuple):
    """How a run ended. sentence: why it failed, or ''. seconds: from its start to its end, as seen from here."""

    succeeded: bool
    workflow: str
    run: str
    seconds: float
    sentence: str

    def document(self) -> dict[str, Any]:
        """The outcome for `--json`."""
        return {**self._asdict(), "seconds": round(self.seconds, 1)}


def trigger_and_follow(settings: Settings, days: Sequence[date], report: Report) -> Outcome:
    """Runs days as one range, from the first to the last, and waits for the end.

    report: gets a line whenever a task's state changes. An interruption (KeyboardInterrupt or SIGTERM) cancels the run.
    Raises AirflowUnavailable and AirflowRefused.
    """
    return _start_and_follow(settings, lambda airflow: trigger(airflow, days), report)


def learn_and_follow(settings: Settings, last: date | None, models: str, report: Report) -> Outcome:
    """Learns from the days up to `last`, None for the newest published one, and waits for the end.

    models: which are made anew, a choice of `learning.preparation`. The rest is as in `trigger_and_follow`.
    """
    conf = {"day": None if last is None else last.isoformat(), "models": models}
    return _start_and_follow(settings, lambda airflow: airflow.trigger(LEARNING, conf), report)


def _start_and_follow(settings: Settings, start: Callable[[Airflow], RunState], report: Report) -> Outcome:
    airflow = Airflow(settings, timeout_s=30.0)
    with terminable():
        started = start(airflow)
        try:
            report(f"started the workflow {started.workflow} ({started.run})")
            return follow(airflow, started, report)
        except (KeyboardInterrupt, Terminated):
            airflow.cancel(started.workflow, started.run)
            report("cancelled the run; its tasks end within seconds")
            raise


def trigger(airflow: Airflow, days: Sequence[date], run: str | None = None) -> RunState:
    """Starts the workflow for a range of days. run: the id that the run gets; None: Airflow makes one."""
    first, last = min(days).isoformat(), max(days).isoformat()
    if first == last:
        return airflow.trigger(DAILY, {"day": first}, run)
    return airflow.trigger(BACKFILL, {"from": first, "to": last}, run)


def follow(airflow: Airflow, started: RunState, report: Report) -> Outcome:
    """Waits until a run has ended. If Airflow does not answer for three minutes, raises AirflowUnavailable."""
    began = heard = time.monotonic()
    known: dict[tuple[str, int], tuple[str | None, int]] = {}
    waiting = False
    while True:
        try:
            current = airflow.run(started.workflow, started.run)
            tasks = airflow.tasks(started.workflow, started.run)
            heard = time.monotonic()
            if current.state == "queued" and not waiting:
                waiting = True
                report("waiting for the scheduler, or until an earlier run of the workflow has ended")
            _report_changes(airflow, current, known, tasks, report)
            if current.state in FINAL_STATES:
                succeeded = current.state == "success"
                sentence = "" if succeeded else _why(airflow, current, tasks)
                return Outcome(succeeded, current.workflow, current.run, time.monotonic() - began, sentence)
        except AirflowUnavailable:
            if time.monotonic() - heard > _PATIENCE_S:
                raise
        time.sleep(_LOOK_S)


def _report_changes(
    airflow: Airflow,
    run: RunState,
    known: dict[tuple[str, int], tuple[str | None, int]],
    tasks: Sequence[TaskState],
    report: Report,
) -> None:
    for task in tasks:
        key, now = (task.name, task.place), (task.state, task.attempt)
        if known.get(key) == now:
            continue
        known[key] = now
        word = _WORDS.get(task.state or "")
        if word is None:
            continue
        name = task.name if task.place < 0 else f"{task.name} [{task.place + 1}]"
        attempt = f" (attempt {task.attempt})" if task.attempt > 1 and task.state == "running" else ""
        has_ended = task.state in ("success", "failed", "up_for_retry")
        seconds = f" after {task.seconds:.0f} s" if has_ended and task.seconds is not None else ""
        reason = airflow.failure(run.workflow, run.run, task) if has_ended and task.state != "success" else ""
        report(f"{name}: {word}{attempt}{seconds}{': ' if reason else ''}{reason}")


def _why(airflow: Airflow, run: RunState, tasks: Sequence[TaskState]) -> str:
    """The sentence of the first task that failed."""
    failed = sorted((task for task in tasks if task.state == "failed"), key=lambda task: task.name)
    for task in failed:
        if sentence := airflow.failure(run.workflow, run.run, task):
            return f"{task.name}: {sentence}"
    where = f"{failed[0].name} failed" if failed else "The run was cancelled"
    return f"{where}. Its log is in Airflow, workflow {run.workflow}, run {run.run}."

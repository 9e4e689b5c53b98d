"""Executes a job: starts its client, follows it, and ends it and its YARN applications on time-out or cancellation.

The command line, Airflow's tasks and the tests all use it. The state of each execution is a small file, so that another
process can list, cancel and read the log of it.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Literal

import psutil

from footfall.jobs.errors import JobBusy, JobFailed
from footfall.jobs.model import Job, Request, tag
from footfall.runtime import file_lock, orphans, priority
from footfall.runtime.environment import child_environment
from footfall.runtime.termination import terminable
from footfall.settings import Settings
from footfall.yarn import Yarn, YarnUnavailable

State = Literal["running", "succeeded", "failed", "cancelled"]
_LOOK_S: Final = 0.5
# After SIGTERM, a client may end its application in an orderly way.
_CLIENT_PATIENCE_S: Final = 20.0
# How long a heavy job waits for another one. A batch of a week takes less.
HEAVY_WAIT_S: Final = 1800.0
_LAST_BYTES: Final = 8192
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution of a job. Times are seconds since 1970. pid: of its client. sentence: why it failed, or ''."""

    job: str
    run: str
    days: list[str]
    state: State
    pid: int
    started_s: float
    ended_s: float | None = None
    sentence: str = ""

    @property
    def name(self) -> str:
        """The name of its files."""
        return f"{self.run}-{self.job}"


def folder(settings: Settings) -> Path:
    """The folder of the executions' states."""
    return settings.run_dir / "jobs"


def log_path(settings: Settings, job: str, run: str) -> Path:
    """The log of a job's client in a run."""
    return settings.logs_dir / "jobs" / f"{run}-{job}.log"


def executions(settings: Settings) -> list[Execution]:
    """All known executions, the newest first. One whose client is gone without a result is reported as failed."""
    found = []
    for path in folder(settings).glob("*.json"):
        with suppress(OSError, ValueError, TypeError):
            found.append(_current(Execution(**json.loads(path.read_text("utf-8"))), settings))
    return sorted(found, key=lambda one: one.started_s, reverse=True)


def clients(settings: Settings) -> set[int]:
    """The process ids of the clients of running jobs."""
    return {one.pid for one in executions(settings) if one.state == "running"}


def execute(settings: Settings, job: Job, request: Request, report: Report) -> None:
    """Runs a job to its end. report: gets one line at each change.

    Raises JobFailed with the job's own sentence, and JobBusy. KeyboardInterrupt and SIGTERM cancel the job.
    """
    folder(settings).mkdir(parents=True, exist_ok=True)
    log = log_path(settings, job.name, request.run)
    log.parent.mkdir(parents=True, exist_ok=True)
    with _alone(settings, job, request, report), terminable():
        environment = child_environment(settings)
        if job.environment is not None:
            environment |= job.environment(settings, request)
        with log.open("ab") as output:
            start = output.tell()
            # A session of its own: a signal to the whole group ends the client and its helpers, and nothing else.
            client = subprocess.Popen(
                ["nice", "-n", str(priority.lowering(settings)), *job.command(settings, request)],
                env=environment,
                cwd=settings.run_dir,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        days = [day.isoformat() for day in request.days]
        running = Execution(job.name, request.run, days, "running", client.pid, time.time())
        _write(settings, running)
        report(f"{job.name}: started for {_span(days)} (log: {log})")
        try:
            status = client.wait(job.timeout_s)
        except subprocess.TimeoutExpired:
            _end(settings, running)
            sentence = f"{job.title} did not end within {job.timeout_s} s and was cancelled; see {log}."
        except BaseException:
            _end(settings, running)
            _write(settings, replace(running, state="cancelled", ended_s=time.time(), sentence="It was cancelled."))
            raise
        else:
            sentence = "" if status == 0 else _last_line(log, start) or f"{job.title} ended with status {status}."
            if status != 0:
                _end(settings, running)
            if _is_cancelled(settings, running):
                raise JobFailed(f"{job.title} was cancelled.")
        ended = replace(running, state="failed" if sentence else "succeeded", ended_s=time.time(), sentence=sentence)
        _write(settings, ended)
        if sentence:
            raise JobFailed(sentence)
        report(f"{job.name}: done after {time.time() - running.started_s:.0f} s")


def cancel(settings: Settings, job: str, run: str) -> bool:
    """Ends a running job: its client and its YARN applications. Returns whether there was anything to end.

    Raises YarnUnavailable if YARN cannot be asked, or does not end them.
    """
    known = next((one for one in executions(settings) if (one.job, one.run) == (job, run)), None)
    was_running = known is not None and known.state == "running"
    if known is not None and was_running:
        _write(settings, replace(known, state="cancelled", ended_s=time.time(), sentence="It was cancelled."))
        _end_client(settings, known.pid)
    return bool(Yarn(settings).end_all(tag(job, run))) or was_running


def sweep(settings: Settings, days: int) -> None:
    """Deletes states and logs that are older than `days`."""
    oldest = time.time() - days * 86_400
    for path in (*folder(settings).glob("*.json"), *(settings.logs_dir / "jobs").glob("*.log")):
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()


@contextmanager
def _alone(settings: Settings, job: Job, request: Request, report: Report) -> Iterator[None]:
    """Holds the lock of this job and run, and for a heavy job the lock of all heavy jobs.

    The locks are the kernel's, so a killed process holds none.
    """
    with file_lock.tried(folder(settings) / f"{request.run}-{job.name}.lock") as own:
        if not own:
            raise JobBusy(f"The job {job.name} of the run {request.run} is running already.")
        if not job.heavy:
            yield
            return
        with _heavy(settings, job, report):
            yield


@contextmanager
def _heavy(settings: Settings, job: Job, report: Report) -> Iterator[None]:
    until = time.monotonic() + HEAVY_WAIT_S
    said = False
    while True:
        with file_lock.tried(folder(settings) / "heavy.lock") as own:
            if own:
                yield
                return
        if time.monotonic() > until:
            raise JobBusy(f"Another heavy job has run for {HEAVY_WAIT_S / 60:.0f} minutes; {job.name} did not start.")
        if not said:
            report(f"{job.name}: waits until another heavy job has ended")
            said = True
        time.sleep(_LOOK_S)


def _end(settings: Settings, execution: Execution) -> None:
    _end_client(settings, execution.pid)
    with suppress(YarnUnavailable):  # the applications end with a YARN that is gone
        Yarn(settings).end_all(tag(execution.job, execution.run))


def _end_client(settings: Settings, pid: int) -> None:
    """Ends the processes of a client's session. A process id that belongs to somebody else by now is left alone."""
    members = []
    for process in orphans.marked(settings):
        with suppress(OSError, psutil.NoSuchProcess):
            if os.getsid(process.pid) == pid:
                members.append(process)
    orphans.end(members, _CLIENT_PATIENCE_S)


def _current(execution: Execution, settings: Settings) -> Execution:
    if execution.state != "running":
        return execution
    with file_lock.tried(folder(settings) / f"{execution.name}.lock") as free:
        if not free:
            return execution
    return replace(execution, state="failed", sentence="The process that ran it was killed.")


def _is_cancelled(settings: Settings, execution: Execution) -> bool:
    """Whether another process cancelled it meanwhile."""
    stored = json.loads((folder(settings) / f"{execution.name}.json").read_text("utf-8"))
    return bool(stored["state"] == "cancelled")


def _write(settings: Settings, execution: Execution) -> None:
    path = folder(settings) / f"{execution.name}.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps(asdict(execution)), "utf-8")
    part.replace(path)


def _last_line(log: Path, start: int) -> str:
    """The last line that was written since the offset `start`."""
    with log.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(start, file.tell() - _LAST_BYTES))
        lines = [line for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def _span(days: list[str]) -> str:
    return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]} ({len(days)} days)" if days else "no day"

"""Airflow: API server, scheduler and DAG processor, in a Python environment of their own."""

import base64
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import psutil

from footfall import postgres
from footfall.cluster.installation import airflow_environment
from footfall.cluster.service import Command, Part, Report, Service, Sweep
from footfall.errors import EngineUnavailable, FootfallError
from footfall.runtime import orphans, requested
from footfall.runtime.environment import child_environment
from footfall.runtime.errors import ClusterError, Unhealthy
from footfall.secret_files import secret
from footfall.settings import REPOSITORY, Settings
from footfall.workflows.client import PASSWORD_FILE, USER, Airflow, password
from footfall.workflows.names import PYTHON_VARIABLE, TASKS_VARIABLE, WORKFLOWS

_LEFTOVERS_DAYS: Final = 7
_MIGRATION_TIMEOUT_S: Final = 300
_CLEANING_TIMEOUT_S: Final = 600
# A cancelled job ends its client and its YARN application, which may take this long.
_TASKS_PATIENCE_S: Final = 60.0
_DAGS: Final = REPOSITORY / "src" / "footfall" / "workflows" / "dags"
_TEMPLATES: Final = ("airflow/airflow.cfg",)


def _home(settings: Settings) -> Path:
    """The folder that Airflow takes for its own. Nothing of value is in it."""
    return settings.data_dir / "airflow"


def _logs(settings: Settings) -> Path:
    """The logs of tasks."""
    return settings.logs_dir / "airflow"


def _logins(settings: Settings) -> Path:
    """The file from which Airflow reads users with their passwords."""
    return settings.secrets_dir / "airflow-logins.json"


def _values(settings: Settings) -> dict[str, Any]:
    return {
        "home": _home(settings),
        "logs": _logs(settings),
        "logins": _logins(settings),
        "workflows": _DAGS,
        "user": USER,
        "url": settings.url("airflow"),
    }


def _command(*arguments: str) -> Command:
    def command(settings: Settings) -> list[str]:
        return [str(airflow_environment.program(settings, "airflow")), *arguments]

    return command


def _environment(name: str) -> Callable[[Settings], dict[str, str]]:
    """Returns a function that gives the environment of a service. Secrets are in it, and in no file but their own."""

    def environment(settings: Settings) -> dict[str, str]:
        key = bytes.fromhex(secret(settings, "airflow-fernet-key").decode("ascii"))
        return {
            "AIRFLOW_HOME": str(_home(settings)),
            "AIRFLOW_CONFIG": str(settings.conf_dir / name / "airflow.cfg"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.dsn(settings, "airflow", driver="psycopg2"),
            "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(key).decode("ascii"),
            "AIRFLOW__API_AUTH__JWT_SECRET": secret(settings, "airflow-jwt-secret").decode("ascii"),
            "AIRFLOW__API__SECRET_KEY": secret(settings, "airflow-secret-key").decode("ascii"),
            # Airflow changes the titles of its processes, which by default overwrites their environment. Then the mark
            # of the platform could not be read from outside.
            "SPT_NOENV": "1",
        }

    return environment


def _scheduler_environment(settings: Settings) -> dict[str, str]:
    return {
        **_environment("airflow-scheduler")(settings),
        PYTHON_VARIABLE: sys.executable,
        TASKS_VARIABLE: str(settings.home),
    }


def _prepare(settings: Settings) -> None:
    for folder in (_home(settings), _logs(settings)):
        folder.mkdir(parents=True, exist_ok=True)


def _prepare_api_server(settings: Settings) -> None:
    _prepare(settings)
    # With a complete file, Airflow generates no password, which it would print.
    logins, content = _logins(settings), json.dumps({USER: password(settings)})
    if not logins.exists() or logins.read_text("utf-8") != content:
        draft = logins.with_suffix(".part")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(content)
        draft.replace(logins)


def _prepare_scheduler(settings: Settings) -> None:
    _prepare(settings)
    # If an earlier scheduler was killed, its tasks still run, and this one would start them a second time.
    _end_tasks(settings)


def _end_tasks(settings: Settings) -> int:
    """Ends what a scheduler has started. Returns the number of processes.

    A task ends its job, and the job ends its application on YARN. So the processes of tasks come first, and their
    descendants only if they do not end.
    """
    started = _started_by_scheduler(settings)
    ids = {process.pid for process in started}
    ended = orphans.end([process for process in started if _parent(process) not in ids], _TASKS_PATIENCE_S)
    return ended + orphans.end(_started_by_scheduler(settings), _TASKS_PATIENCE_S)


def _started_by_scheduler(settings: Settings) -> list[psutil.Process]:
    found = []
    for process in orphans.marked(settings):
        with suppress(psutil.Error):
            if TASKS_VARIABLE in process.environ():
                found.append(process)
    return found


def _parent(process: psutil.Process) -> int | None:
    try:
        return process.ppid()
    except psutil.Error:
        return None


def _stop_tasks(settings: Settings, ran: Collection[str], report: Report) -> None:
    if "airflow-scheduler" in ran and _end_tasks(settings):
        report("ended the tasks of Airflow that were under way; they start again with the next `up`")


def _migrate(settings: Settings) -> None:
    """Creates or migrates the database unless it is known to be of the installed version.

    Only to look would take Airflow several seconds of a processor.
    """
    from footfall.cluster.supervision import configure

    stamp = settings.data_dir / _DATABASE.name / "migrated.json"
    lock = hashlib.sha256(airflow_environment.LOCK.read_bytes()).hexdigest()
    try:
        if (version := _schema_version(settings)) is not None and _read(stamp) == {"lock": lock, "version": version}:
            return
        configure.write(settings, _DATABASE)
        _run(settings, ["python", "-m", "footfall.workflows.database"], _MIGRATION_TIMEOUT_S, "migrate its database")
        stamp.write_text(json.dumps({"lock": lock, "version": _schema_version(settings)}), "utf-8")
    except EngineUnavailable as error:
        raise ClusterError(str(error)) from None


def _schema_version(settings: Settings) -> str | None:
    """The version of the database's schema; None if there is no schema. Raises PostgresUnavailable."""
    with postgres.errors_as_sentences(), postgres.connect(settings, "airflow") as connection:
        if connection.execute("select to_regclass('alembic_version')").fetchone() == (None,):
            return None
        row = connection.execute("select version_num from alembic_version").fetchone()
        return None if row is None else str(row[0])


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def _run(settings: Settings, command: list[str], timeout_s: float, purpose: str) -> None:
    """Runs a program of Airflow's environment. Raises ClusterError with the last line of its output."""
    program = str(airflow_environment.program(settings, command[0]))
    environment = child_environment(settings) | _environment(_DATABASE.name)(settings)
    try:
        done = subprocess.run(
            [program, *command[1:]],
            env=environment,
            cwd=settings.run_dir,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ClusterError(f"Airflow could not {purpose} within {timeout_s:.0f} s.") from None
    except OSError as error:
        raise ClusterError(f"{program} could not be started: {error.strerror}.") from None
    if done.returncode != 0:
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise ClusterError(f"Airflow could not {purpose}: {lines[-1][:300] if lines else 'it gave no reason'}")


def _probe_api_server(settings: Settings) -> None:
    _probe_part(settings, "metadatabase")


def _probe_scheduler(settings: Settings) -> None:
    _probe_part(settings, "scheduler")


def _probe_dag_processor(settings: Settings) -> None:
    """Checks that it works, and that all workflows were read."""
    _probe_part(settings, "dag_processor")
    airflow = Airflow(settings)
    try:
        absent = set(WORKFLOWS) - airflow.workflows().keys()
        unreadable = airflow.unreadable()
    except FootfallError as error:
        raise Unhealthy(str(error)) from None
    for file, reason in unreadable.items():
        raise Unhealthy(f"it cannot read {file}: {reason}")
    if absent:
        raise Unhealthy(f"it has not read the workflows {', '.join(sorted(absent))} yet")


def _probe_part(settings: Settings, part: str) -> None:
    """Asks the API server when a part of Airflow last did something."""
    try:
        status = Airflow(settings).health()[part]["status"]
    except FootfallError as error:
        raise Unhealthy(str(error)) from None
    if status != "healthy":
        raise Unhealthy(f"Airflow says that it is {status or 'not running'}")


def _login(settings: Settings) -> str:
    password(settings)
    return f"user {USER}, password in {settings.secrets_dir / PASSWORD_FILE}"


def _sweep(settings: Settings) -> object:
    """Deletes logs and database rows of runs that are older than a week."""
    before = time.time() - _LEFTOVERS_DAYS * 86_400
    deleted = 0
    # Deepest first, so that a folder that becomes empty goes, too.
    for path in sorted(_logs(settings).rglob("*"), key=lambda path: len(path.parts), reverse=True):
        with suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            elif path.lstat().st_mtime < before:
                path.unlink()
                deleted += 1
    if "airflow-database" in requested.read(settings):
        oldest = datetime.now(timezone.utc) - timedelta(days=_LEFTOVERS_DAYS)
        clean = ["db", "clean", "--clean-before-timestamp", oldest.isoformat(), "--skip-archive", "--yes"]
        _run(settings, ["airflow", *clean], _CLEANING_TIMEOUT_S, "clean its database")
    return f"{deleted} log files"


_ENVIRONMENT = Part(problem=airflow_environment.problem, install=airflow_environment.install)

# A step: `configure` gives it Airflow's configuration, too.
_DATABASE = Service(
    name="airflow-database",
    engine="airflow",
    profiles=("batch",),
    needs=("postgres-databases",),
    step=_migrate,
    templates=_TEMPLATES,
    values=_values,
    prepare=_prepare,
    parts=(_ENVIRONMENT,),
    sweeps=(Sweep("Airflow's runs", 6 * 3600, _sweep),),
)

SERVICES = (
    _DATABASE,
    Service(
        name="airflow-api-server",
        engine="airflow",
        profiles=("batch",),
        needs=("airflow-database",),
        ports=("airflow",),
        # Seconds that it keeps idle connections. Tasks ask every five seconds.
        command=_command("api-server", "--worker-timeout", "8"),
        gives_way=True,
        environment=_environment("airflow-api-server"),
        templates=_TEMPLATES,
        values=_values,
        prepare=_prepare_api_server,
        parts=(_ENVIRONMENT,),
        fingerprint_files=airflow_environment.fingerprint_files,
        probe=_probe_api_server,
        login=_login,
        # It often hangs while it stops. It has no state, and its clients try again.
        stop_s=5,
    ),
    Service(
        name="airflow-scheduler",
        engine="airflow",
        profiles=("batch",),
        needs=("airflow-database",),
        # Its log server would listen on all addresses. The API server reads the logs from the disk.
        command=_command("scheduler", "--skip-serve-logs"),
        gives_way=True,
        environment=_scheduler_environment,
        templates=_TEMPLATES,
        values=_values,
        prepare=_prepare_scheduler,
        parts=(_ENVIRONMENT,),
        fingerprint_files=airflow_environment.fingerprint_files,
        probe=_probe_scheduler,
        # On SIGTERM it waits for its tasks, which may take an hour. They are ended once it is gone.
        stop_s=10,
        after_stop=_stop_tasks,
    ),
    Service(
        name="airflow-dag-processor",
        engine="airflow",
        profiles=("batch",),
        needs=("airflow-database",),
        command=_command("dag-processor"),
        gives_way=True,
        environment=_environment("airflow-dag-processor"),
        templates=_TEMPLATES,
        values=_values,
        prepare=_prepare,
        parts=(_ENVIRONMENT,),
        fingerprint_files=airflow_environment.fingerprint_files,
        probe=_probe_dag_processor,
    ),
)

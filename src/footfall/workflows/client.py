"""A small client of Airflow's REST API: logs in, starts runs of workflows, reads and cancels them."""

import json
import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import urllib3

from footfall.secret_files import secret
from footfall.settings import Settings
from footfall.workflows.errors import AirflowRefused, AirflowUnavailable
from footfall.workflows.names import FAILURE

USER: Final = "footfall"
# The file of the password in the folder of secrets.
PASSWORD_FILE: Final = "airflow"  # noqa: S105 - a name
# States of a run after which it does not change.
FINAL_STATES: Final = ("success", "failed")
# A page of Airflow's answers; a run has fewer tasks.
_PAGE: Final = 100
# Pauses between attempts to cancel a run, in seconds.
_CANCEL_PAUSES_S: Final = (0.2, 1.0, 3.0)


class RunState(NamedTuple):
    """A run of a workflow. state: queued, running, success or failed."""

    workflow: str
    run: str
    state: str
    conf: dict[str, Any]


class TaskState(NamedTuple):
    """A task of a run.

    place: its position in a task that was expanded, else -1. state: None until it is scheduled. attempt: from 1.
    seconds: how long its latest attempt took, None until it has begun.
    """

    name: str
    place: int
    state: str | None
    attempt: int
    seconds: float | None


def password(settings: Settings) -> str:
    """The generated password of the login."""
    return secret(settings, PASSWORD_FILE).decode("ascii")


class Airflow:
    """The client. All methods raise AirflowUnavailable, and AirflowRefused if Airflow does not accept the request."""

    def __init__(self, settings: Settings, timeout_s: float = 10.0) -> None:
        """timeout_s: the time limit of one call, in seconds."""
        self._settings = settings
        self._url = settings.url("airflow")
        self._http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=timeout_s))
        self._token = ""

    def health(self) -> dict[str, dict[str, Any]]:
        """What Airflow says of its parts: `{"scheduler": {"status": "healthy", …}, …}`. Needs no login."""
        return self._send("GET", "/api/v2/monitor/health")

    def workflows(self) -> dict[str, bool]:
        """The workflows that Airflow has read: name → whether somebody has paused it."""
        found = self._ask("GET", f"/dags?limit={_PAGE}")["dags"]
        return {str(one["dag_id"]): bool(one["is_paused"]) for one in found}

    def unreadable(self) -> dict[str, str]:
        """Files of workflows that Airflow cannot read: name → last line of the error."""
        found = self._ask("GET", f"/importErrors?limit={_PAGE}")["import_errors"]
        return {str(one["filename"]): (str(one["stack_trace"]).strip().splitlines() or [""])[-1] for one in found}

    def trigger(self, workflow: str, conf: Mapping[str, Any], run: str | None = None) -> RunState:
        """Starts a run with these parameters. run: the id that it gets; None: Airflow makes one.

        Refuses a workflow that is paused, because its run would wait for ever.
        """
        paused = self.workflows().get(workflow)
        if paused is None:
            raise AirflowUnavailable(f"Airflow has not read the workflow {workflow} yet. Try again in a moment.")
        if paused:
            raise AirflowRefused(f"The workflow {workflow} is paused. Switch it on in Airflow.", 409)
        body = {"conf": dict(conf), "logical_date": None, **({"dag_run_id": run} if run else {})}
        return _run(self._ask("POST", f"/dags/{workflow}/dagRuns", body))

    def run(self, workflow: str, run: str) -> RunState:
        """The state of a run."""
        return _run(self._ask("GET", _path(workflow, run)))

    def unfinished(self, workflow: str) -> list[RunState]:
        """The runs of a workflow that wait or are under way, the oldest first."""
        query = f"?state=queued&state=running&order_by=run_after&limit={_PAGE}"
        return [_run(one) for one in self._ask("GET", f"/dags/{workflow}/dagRuns{query}")["dag_runs"]]

    def tasks(self, workflow: str, run: str) -> list[TaskState]:
        """The tasks of a run, in no particular order."""
        found = self._ask("GET", f"{_path(workflow, run)}/taskInstances?limit={_PAGE}")["task_instances"]
        return [
            TaskState(str(one["task_id"]), int(one["map_index"]), one["state"], int(one["try_number"]), one["duration"])
            for one in found
        ]

    def failure(self, workflow: str, run: str, task: TaskState) -> str:
        """The sentence that a failed task left; '' if there is none."""
        path = f"{_path(workflow, run)}/taskInstances/{quote(task.name, safe='')}/xcomEntries/{FAILURE}"
        try:
            return str(self._ask("GET", f"{path}?map_index={task.place}")["value"])
        except AirflowRefused:
            return ""

    def cancel(self, workflow: str, run: str) -> None:
        """Makes a run fail, unless it has ended. Its tasks end within seconds, and with them their jobs.

        Airflow's API was seen to answer 500 while its scheduler changed the same run and its tasks, and then nothing
        is cancelled. So a failure is not final at first.
        """
        for pause_s in _CANCEL_PAUSES_S:
            try:
                return self._fail(workflow, run)
            except _Failed:
                time.sleep(pause_s)
            if self.run(workflow, run).state in FINAL_STATES:
                return None
        return self._fail(workflow, run)

    def _fail(self, workflow: str, run: str) -> None:
        self._ask("PATCH", _path(workflow, run), {"state": "failed"})

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A call that needs a login. The token of an earlier one is used until it expires."""
        if not self._token:
            self._log_in()
        try:
            return self._send(method, f"/api/v2{path}", body)
        except _Expired:
            self._log_in()
            return self._send(method, f"/api/v2{path}", body)

    def _log_in(self) -> None:
        self._token = ""
        login = {"username": USER, "password": password(self._settings)}
        try:
            self._token = str(self._send("POST", "/auth/token", login)["access_token"])
        except _Expired:
            file = self._settings.secrets_dir / PASSWORD_FILE
            raise AirflowUnavailable(
                f"Airflow refuses the password in {file}. Restart Airflow, which reads it when it starts."
            ) from None

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            answer = self._http.request(method, self._url + path, json=body, headers=headers)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise AirflowUnavailable(f"Airflow does not answer at {self._url} ({type(error).__name__}).") from None
        if answer.status == 401:
            raise _Expired("Airflow wants a login.")
        try:
            document = json.loads(answer.data)
        except ValueError:
            document = None
        if answer.status >= 500:
            raise _Failed(f"Airflow failed ({answer.status}); see `./footfall logs airflow-api-server`.")
        if answer.status >= 400:
            raise AirflowRefused(f"Airflow refused ({answer.status}): {_reason(document)}.", answer.status)
        if not isinstance(document, dict):
            raise AirflowUnavailable(f"Airflow sent an answer of an unknown form to {path.partition('?')[0]}.")
        return document


class _Expired(AirflowUnavailable):
    """The login is not valid any more."""


class _Failed(AirflowUnavailable):
    """Airflow answers that it failed."""


def _path(workflow: str, run: str) -> str:
    return f"/dags/{workflow}/dagRuns/{quote(run, safe='')}"


def _run(document: Mapping[str, Any]) -> RunState:
    return RunState(
        str(document["dag_id"]), str(document["dag_run_id"]), str(document["state"]), dict(document["conf"] or {})
    )


def _reason(document: Any) -> str:
    """What Airflow says about a refused request: a text, or a list with the faults of its fields."""
    detail = document.get("detail") or "" if isinstance(document, dict) else ""
    if isinstance(detail, list):
        detail = "; ".join(str(fault.get("msg", fault)) for fault in detail if isinstance(fault, dict))
    elif isinstance(detail, dict):
        detail = detail.get("reason") or json.dumps(detail)
    return (str(detail).strip().splitlines() or ["it gave no reason"])[0][:300].rstrip(".")

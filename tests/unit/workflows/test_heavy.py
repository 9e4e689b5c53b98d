"""Airflow's tasks and `job run` agree on which jobs are heavy: the tasks are read as text, without Airflow."""

import ast
from pathlib import Path

import pytest

from footfall import workflows
from footfall.learning import jobs as learning
from footfall.warehouse import jobs as warehouse

_ROOT = Path(workflows.__file__).parent
_JOBS = {job.name: job for job in (*warehouse.JOBS, *learning.JOBS)}


def _tasks() -> dict[str, bool]:
    """Job → whether its task is heavy."""
    found = {}
    for path in _ROOT.glob("*/*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "RunJob":
                given = {word.arg: word.value for word in call.keywords}
                heavy = "heavy" in given and ast.literal_eval(given["heavy"])
                found[ast.literal_eval(given["job"])] = heavy
    return found


def test_every_job_has_a_task() -> None:
    assert set(_tasks()) == set(_JOBS)


@pytest.mark.parametrize("name", _JOBS)
def test_a_job_is_as_heavy_as_its_task(name: str) -> None:
    assert _tasks()[name] == _JOBS[name].heavy

"""A task's call of our command line: its output, its last sentence, and its end."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from footfall.workflows.names import PYTHON_VARIABLE
from footfall.workflows.tasks.command import Command
from tests.support.processes import id_has_ended

# Stands for `python -m footfall`: runs the text that follows as a program.
_PYTHON = f"""#!/bin/sh
shift 2
exec {sys.executable} -c "$@"
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    python = tmp_path / "python"
    python.write_text(_PYTHON)
    python.chmod(0o755)
    return {"PATH": "/usr/bin:/bin", PYTHON_VARIABLE: str(python), "AIRFLOW__API__SECRET_KEY": "secret"}


def _await(path: Path) -> str:
    until = time.monotonic() + 20
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < until, f"{path} was not written"
        time.sleep(0.02)
    return path.read_text()


def _await_gone(pid: int) -> None:
    until = time.monotonic() + 20
    while not id_has_ended(pid):
        assert time.monotonic() < until, f"process {pid} did not end"
        time.sleep(0.02)


def test_output_is_returned_and_every_line_is_shown(environment: dict[str, str]) -> None:
    program = "import sys; print('20261129T020000-1a2b'); print('waiting', file=sys.stderr)"
    lines: list[str] = []
    ended = Command([program], environment=environment).run(lines.append)
    assert (ended.status, ended.output, ended.cancelled) == (0, "20261129T020000-1a2b\n", False)
    assert sorted(lines) == ["20261129T020000-1a2b", "waiting"]


def test_a_line_is_shown_when_it_is_complete(environment: dict[str, str], tmp_path: Path) -> None:
    go = tmp_path / "go"
    program = (
        "import os, sys, time\n"
        "os.write(2, b'half a line, '); time.sleep(0.1); os.write(2, 'and the rest: é\\n'.encode())\n"
        f"while not os.path.exists({str(go)!r}): time.sleep(0.01)\n"
        "os.write(1, b'without an end')"
    )
    lines: list[str] = []

    def show(line: str) -> None:
        lines.append(line)
        go.touch()  # the program goes on only after its first line was shown

    Command([program], environment=environment).run(show)
    assert lines == ["half a line, and the rest: é", "without an end"]


def test_the_last_line_of_stderr_is_the_failure(environment: dict[str, str]) -> None:
    program = "import sys; print('out'); sys.stderr.write('progress\\nThe archive is away.\\n\\n'); sys.exit(1)"
    ended = Command([program], environment=environment).run(lambda _: None)
    assert (ended.status, ended.sentence) == (1, "The archive is away.")


def test_a_command_that_says_nothing_still_has_a_sentence(environment: dict[str, str]) -> None:
    program = "import sys; sys.exit(3)"
    assert "ended with status 3" in Command([program], environment=environment).run(lambda _: None).sentence


def test_airflows_secrets_are_kept_from_it(environment: dict[str, str]) -> None:
    program = "import os; print(sorted(name for name in os.environ if name.startswith('AIRFLOW')))"
    assert Command([program], environment=environment).run(lambda _: None).output == "[]\n"


def test_the_end_reaches_its_children_and_what_runs_elsewhere(environment: dict[str, str], tmp_path: Path) -> None:
    child, elsewhere = tmp_path / "child", tmp_path / "elsewhere"
    program = (
        "import subprocess, sys\n"
        "child = subprocess.Popen(['sleep', '300'])\n"
        f"open({str(child)!r}, 'w').write(str(child.pid))\n"
        "print('ready', flush=True)\n"
        "child.wait()"
    )
    cancel = f"open({str(elsewhere)!r}, 'w').write('ended')"
    command = Command([program], cancel=[cancel], environment=environment)
    ended = command.run(lambda line: command.end())
    assert ended.cancelled
    assert ended.sentence == "It was cancelled."
    assert ended.status == -signal.SIGTERM
    _await_gone(int(child.read_text()))
    assert _await(elsewhere) == "ended"


def test_a_time_limit_ends_it_before_the_task_goes_on(environment: dict[str, str], tmp_path: Path) -> None:
    started = tmp_path / "started"
    program = (
        "import os, signal, sys, time\n"
        "def orderly(*_): time.sleep(0.3); sys.exit(143)\n"
        "signal.signal(signal.SIGTERM, orderly)\n"
        f"open({str(started)!r}, 'w').write(str(os.getpid()))\n"
        "print('ready', flush=True)\n"
        "time.sleep(300)"
    )

    class TimeIsOverError(BaseException):
        """As Airflow's, it is no Exception."""

    def over(_: str) -> None:
        raise TimeIsOverError

    with pytest.raises(TimeIsOverError):
        Command([program], environment=environment).run(over)
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)


def test_an_end_after_its_end_does_nothing(environment: dict[str, str], tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    command = Command(["pass"], cancel=[f"open({str(elsewhere)!r}, 'w')"], environment=environment)
    command.end()
    assert command.run(lambda _: None).status == 0
    command.end()
    assert not elsewhere.exists()

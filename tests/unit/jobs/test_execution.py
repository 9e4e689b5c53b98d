"""A job's client is a process of its own: its end, its failure, its time limit, its cancellation."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import psutil
import pytest

from footfall.jobs import execution
from footfall.jobs.errors import JobBusy, JobFailed
from footfall.jobs.model import Job, Request, pieces, tag
from footfall.settings import REPOSITORY, Ports, Settings
from footfall.yarn import YarnUnavailable
from tests.support.processes import id_has_ended

RUN = "20261129T020000-1a2b"
DAYS = (date(2026, 11, 27), date(2026, 11, 28))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    # Nothing listens there; at the default port, a platform of the user may.
    return Settings(home=tmp_path, ports=Ports(yarn_http=1))


def job(script: str, timeout_s: int = 30, heavy: bool = False) -> Job:
    """A job whose client runs a line of Python."""
    return Job(
        name="sample",
        title="The sample",
        engine="python",
        inputs=(),
        outputs=(),
        memory_mb=1,
        timeout_s=timeout_s,
        heavy=heavy,
        command=lambda _, request: [sys.executable, "-c", script, request.run, *map(str, request.days)],
    )


def run(settings: Settings, script: str, timeout_s: int = 30, heavy: bool = False) -> list[str]:
    said: list[str] = []
    execution.execute(settings, job(script, timeout_s, heavy), Request(RUN, DAYS), said.append)
    return said


def wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_the_client_gets_run_and_days_and_the_mark(settings: Settings) -> None:
    run(settings, "import os, sys; print(sys.argv[1:], os.environ['FOOTFALL_MARK'])")
    log = execution.log_path(settings, "sample", RUN).read_text("utf-8")
    assert log == f"['{RUN}', '2026-11-27', '2026-11-28'] {settings.home}\n"
    (known,) = execution.executions(settings)
    assert (known.state, known.days) == ("succeeded", ["2026-11-27", "2026-11-28"])


def test_a_failure_is_the_last_line_that_the_client_wrote(settings: Settings) -> None:
    script = "import sys; print('A trace'); print('The file /x is damaged.', file=sys.stderr); print(); sys.exit(3)"
    with pytest.raises(JobFailed, match=r"^The file /x is damaged\.$"):
        run(settings, script)
    assert execution.executions(settings)[0].sentence == "The file /x is damaged."
    # A second attempt appends to the log, and its failure is not that of the first.
    with pytest.raises(JobFailed, match="The sample ended with status 4"):
        run(settings, "import sys; sys.exit(4)")


def test_a_client_that_takes_too_long_is_ended_with_its_children(settings: Settings) -> None:
    script = (
        "import subprocess, sys, time, pathlib\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "pathlib.Path('child').write_text(str(child.pid))\n"
        "time.sleep(60)"
    )
    with pytest.raises(JobFailed, match="did not end within 2 s"):
        run(settings, script, timeout_s=2)
    assert id_has_ended(int((settings.run_dir / "child").read_text()))


def test_another_process_cancels(settings: Settings) -> None:
    failed: list[str] = []

    def follow() -> None:
        try:
            run(settings, "import time; time.sleep(60)")
        except JobFailed as error:
            failed.append(str(error))

    thread = threading.Thread(target=follow)
    thread.start()
    wait(lambda: [one.state for one in execution.executions(settings)] == ["running"])
    # YARN does not run here; the client ends all the same.
    with pytest.raises(YarnUnavailable):
        execution.cancel(settings, "sample", RUN)
    thread.join(30)
    assert failed == ["The sample was cancelled."]
    assert execution.executions(settings)[0].state == "cancelled"


def test_the_same_job_of_a_run_does_not_run_twice(settings: Settings) -> None:
    thread = threading.Thread(target=run, args=(settings, "import time; time.sleep(3)"))
    thread.start()
    wait(lambda: bool(execution.executions(settings)))
    with pytest.raises(JobBusy, match="is running already"):
        run(settings, "")
    thread.join(30)


def test_heavy_jobs_wait_for_each_other(settings: Settings) -> None:
    script = "import time; open('order', 'a').write('begin '); time.sleep(1); open('order', 'a').write('end ')"
    said: list[str] = []
    first = threading.Thread(target=run, args=(settings, script, 30, True))
    first.start()
    wait(lambda: (settings.run_dir / "order").exists())
    other = Request("20261129T030000-1a2b", DAYS)
    execution.execute(settings, job(script, heavy=True), other, said.append)
    first.join(30)
    assert (settings.run_dir / "order").read_text("utf-8") == "begin end begin end "
    assert "waits until another heavy job has ended" in said[0]


def test_an_ended_process_ends_its_client(settings: Settings, tmp_path: Path) -> None:
    caller = (
        "import sys; from datetime import date; from footfall.jobs import execution; "
        "from footfall.jobs.model import Request; from footfall.settings import Settings; "
        "from pathlib import Path; from tests.unit.jobs.test_execution import job; "
        f"execution.execute(Settings(home=Path({str(tmp_path)!r})), job('import time; time.sleep(60)'), "
        f"Request({RUN!r}, (date(2026, 11, 27),)), print)"
    )
    environment = os.environ | {"PYTHONPATH": f"{REPOSITORY / 'src'}:{REPOSITORY}"}
    process = subprocess.Popen([sys.executable, "-c", caller], env=environment)
    wait(lambda: bool(execution.executions(settings)))
    client = execution.executions(settings)[0].pid
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 143
    assert not psutil.pid_exists(client)
    assert execution.executions(settings)[0].state == "cancelled"


def test_a_killed_process_leaves_no_running_job(settings: Settings) -> None:
    run(settings, "")
    path = next(execution.folder(settings).glob("*.json"))
    path.write_text(path.read_text("utf-8").replace("succeeded", "running"), "utf-8")
    (known,) = execution.executions(settings)
    assert (known.state, known.sentence) == ("failed", "The process that ran it was killed.")


def test_a_tag_is_one_that_yarn_accepts() -> None:
    assert tag("events", "20261129T020000-1A2B") == "footfall-events-20261129t020000-1a2b"


def test_ranges_are_split_in_order() -> None:
    days = [date(2026, 11, day) for day in (3, 1, 2, 2)]
    assert pieces(days, 2) == [(date(2026, 11, 1), date(2026, 11, 2)), (date(2026, 11, 3),)]


def test_the_client_gives_way_to_the_live_path(settings: Settings) -> None:
    run(settings, "import os; print(os.getpriority(os.PRIO_PROCESS, 0))")
    log = execution.log_path(settings, "sample", RUN).read_text().split()
    assert int(log[-1]) == max(settings.yarn.nice, os.getpriority(os.PRIO_PROCESS, 0))

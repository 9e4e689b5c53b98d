"""Controls a running platform in tests: with the command line, with signals, and by waiting."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from footfall.cluster.supervision.lifecycle import last_lines
from footfall.realtime.lag import LagUnknown, lag
from footfall.settings import REPOSITORY, Settings


@dataclass(frozen=True)
class Platform:
    """The test platform, controlled by the `footfall` of a clone."""

    settings: Settings
    clone: Path = REPOSITORY

    def run(self, *arguments: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """Runs `./footfall ARGUMENTS` and returns its exit status and output."""
        return self.python("-m", "footfall", *arguments, timeout=timeout)

    def python(self, *arguments: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """Runs Python with the code of the clone, and returns its exit status and output."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.clone,
            env=os.environ | {"PYTHONPATH": str(self.clone / "src")},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def json(self, *arguments: str, timeout: float = 600) -> Any:
        """Runs a verb with `--json` and returns its document; a verb that fails without one fails the test."""
        done = self.run(*arguments, "--json", timeout=timeout)
        assert done.stdout, f"footfall {' '.join(arguments)} said nothing on stdout: {done.stderr[-2000:]}"
        return json.loads(done.stdout)

    def up(self, profile: str = "full") -> None:
        """Starts a profile with its visitors; fails with the output of `up`."""
        done = self.run("up", profile)
        assert done.returncode == 0, done.stderr[-4000:]

    def query(self, name: str, *arguments: str) -> list[dict[str, Any]]:
        """The rows of a question."""
        rows: list[dict[str, Any]] = self.json("query", name, *arguments, timeout=60)
        return rows

    def verify(self) -> dict[str, Any]:
        """Reconciles everything; the document of `./footfall verify`."""
        document: dict[str, Any] = self.json("verify")
        return document

    def assert_verified(self) -> dict[str, Any]:
        """Fails with the first problems unless all stores agree. Returns the document of `verify`."""
        document = self.verify()
        assert document["ok"], json.dumps({"problems": document.pop("problems"), **document}, indent=1)[:6000]
        return document

    def service(self, name: str) -> dict[str, Any]:
        """One service's line of `./footfall status`."""
        return next(s for s in self.json("status", timeout=60)["services"] if s["name"] == name)

    def kill(self, pid: int) -> None:
        """Ends a process like a crash, without a chance to clean up."""
        os.kill(pid, signal.SIGKILL)

    def kill_service(self, name: str) -> int:
        """kill -9 of a service's process; returns the process id that died."""
        pid = int(self.service(name)["pid"])
        self.kill(pid)
        return pid

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """A service's process stopped, not killed: its connections stay open and unanswered."""
        pid = int(self.service(name)["pid"])
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def await_back(self, name: str, old_pid: int, seconds: float = 300) -> None:
        """Waits until a killed service runs as another process and is healthy; fails with its state and its log."""
        service: dict[str, Any] = {}

        def back() -> bool:
            service.update(self.service(name))
            return bool(service["state"] == "healthy" and service["pid"] not in (None, old_pid))

        def why() -> str:
            return f"{service}\n{last_lines(self.settings.logs_dir / f'{name}.log', 40)}"

        await_true(back, f"{name} healthy again", seconds, every=1, why=why)

    def await_well(self, seconds: float = 300) -> None:
        """Waits until every service is healthy; fails with those that are not."""
        status: dict[str, Any] = {}

        def well() -> bool:
            status.update(self.json("status", timeout=60))
            return bool(status["healthy"])

        def why() -> str:
            return str([service for service in status["services"] if service["state"] != "healthy"])

        await_true(well, "everything well", seconds, every=1, why=why)

    def await_figures(self, seconds: float = 120) -> None:
        """Waits until the live figures follow the visitors: all that had come was counted at a moment from now on."""
        began_s = time.monotonic()

        def current() -> bool:
            try:
                age_s = lag(self.settings).age_s
            except LagUnknown:
                return False
            return age_s is not None and age_s < min(5, time.monotonic() - began_s)

        await_true(current, "figures younger than 5 s", seconds, every=1)

    def await_judged(self, app: str) -> None:
        """Waits until the site can have alerts: five minutes of its events are known."""

        def known() -> bool:
            minutes = self.query("live-metrics", "--app", app, "--minutes", "30")
            return [row["page_views"] > 0 for row in minutes].count(True) >= 7

        # Each step towards that may take a minute.
        await_true(known, f"five whole minutes of {app}", 400, every=5)

    def processes(self, word: str) -> list[psutil.Process]:
        """The platform's processes whose command line holds `word`."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("FOOTFALL_MARK") == str(self.settings.home) and any(
                    word in part for part in process.cmdline()
                ):
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found


def await_true(
    condition: Callable[[], bool],
    what: str,
    seconds: float = 60,
    every: float = 0.25,
    why: Callable[[], str] = lambda: "",
) -> None:
    """Waits until a condition holds; fails the test with `what` and `why` when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain for: {what}\n{why()}".rstrip())
        time.sleep(every)

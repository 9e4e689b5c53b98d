"""`footfall test`: the whole check of the project, on a platform of its own beside any running one."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from footfall.cli.output import check_known, fail, stderr
from footfall.cluster.installation import tools_for_tests
from footfall.runtime.errors import ClusterError
from footfall.settings import REPOSITORY, Settings, load_settings

# Far enough from the default ports that both instances may run, and still below Linux's own ephemeral ports.
TEST_PORT_OFFSET = 10_000
SUITES = ("unit", "integration", "e2e", "faults")
# On one platform, in this order: faults break things, so they come last.
PLATFORM_SUITES = ("e2e", "integration", "faults")
# What comes first in its suite. The golden visits count on empty stores. `verify` is shown to find what the faults rely
# on it for, and alerts need minutes of visits that nothing has disturbed.
FIRST = ("test_golden.py", "test_verify_can_fail.py", "test_alerts.py")


def test(
    suite: Annotated[str, typer.Argument(help="unit, integration, e2e, faults, all; without: what CI runs")] = "",
    keep: Annotated[bool, typer.Option("--keep", help="leave the test platform running")] = False,
    select: Annotated[str, typer.Option("-k", help="only tests whose name matches, as in pytest")] = "",
) -> None:
    """Checks everything: style, types, unit tests, then tests against a freshly started platform."""
    check_known("suite", suite or None, (*SUITES, "all"))
    settings = load_settings()
    chosen = SUITES if suite in ("", "all") else (suite,)
    environment = _environment(settings, long=suite == "all")
    on_platform = [s for s in PLATFORM_SUITES if s in chosen]
    try:
        # Before the first test: what cannot be had is known at once.
        java_home = tools_for_tests.ensure(settings, "unit" in chosen and not select, bool(on_platform), _say)
    except ClusterError as error:
        fail(str(error))
    results: list[_Step] = []
    if "unit" in chosen:
        results += _unit(environment, java_home, select)
    if on_platform and all(step.ok for step in results):
        results += _platform(on_platform, environment, select, keep)
    for step in results:
        stderr.print(f"{'ok    ' if step.ok else 'FAILED'} {step.name} ({step.seconds:.0f} s)")
    if not all(step.ok for step in results):
        raise typer.Exit(1)


def _say(sentence: str) -> None:
    stderr.print(sentence, markup=False, soft_wrap=True)


@dataclass(frozen=True)
class _Step:
    name: str
    ok: bool
    seconds: float


def _environment(settings: Settings, long: bool) -> dict[str, str]:
    """A home and ports of its own; what is installed is shared, so that a test run downloads nothing twice."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("FOOTFALL_")}
    return inherited | {
        "FOOTFALL_HOME": str(settings.home / "test"),
        "FOOTFALL_INSTALL": str(settings.install),
        "FOOTFALL_PORT_OFFSET": str(TEST_PORT_OFFSET),
        "FOOTFALL_TEST_LONG": "1" if long else "",
        "PYTHONPATH": str(REPOSITORY / "src"),
        "TZ": "UTC",
    }


def _unit(environment: dict[str, str], java_home: Path, select: str) -> list[_Step]:
    tools = Path(sys.executable).parent
    with_java = environment | {"JAVA_HOME": str(java_home)}
    steps = []
    if not select:
        steps += [
            _run("ruff check", [tools / "ruff", "check", "."], environment),
            _run("ruff format", [tools / "ruff", "format", "--check", "."], environment),
            _run("mypy", [tools / "mypy"], environment),
            _run("layers", [tools / "lint-imports", "--no-cache"], environment),
            _run("shellcheck", [tools / "shellcheck", "footfall", ".ci/run"], environment),
            _run("topology", ["mvn", "-q", "-B", "-f", _topology_copy(environment), "verify"], with_java),
        ]
    steps.append(_pytest("unit", ["tests/unit"], environment, select))
    return steps


def _topology_copy(environment: dict[str, str]) -> Path:
    """The pom of a copy of the Java part: Maven writes beside its sources."""
    copy = Path(environment["FOOTFALL_HOME"]) / "topology"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(REPOSITORY / "engines/storm/topology", copy, ignore=shutil.ignore_patterns("target"))
    return copy / "pom.xml"


def _platform(suites: list[str], environment: dict[str, str], select: str, keep: bool) -> list[_Step]:
    footfall = [sys.executable, "-m", "footfall"]
    # What an interrupted run left would make the golden figures wrong.
    purge = _run("purge", [*footfall, "down", "--purge", "--yes"], environment)
    # The golden visits are the only ones at first; the fixture `busy_platform` lets the usual visitors in.
    quiet = environment | {"FOOTFALL_VISITORS_PER_SITE": "0"}
    steps = [purge, _run("up", [*footfall, "up", "full"], quiet)]
    if steps[-1].ok:
        paths = [path for suite in suites for path in _files(suite)]
        steps.append(_pytest(" ".join(suites), paths, environment, select))
    if keep:
        stderr.print(f"The test platform is left running; its home is {environment['FOOTFALL_HOME']}.")
        return steps
    steps.append(_run("down", [*footfall, "down", *(["--purge", "--yes"] if steps[-1].ok else [])], environment))
    leftovers = _leftovers(environment["FOOTFALL_HOME"])
    for line in leftovers:
        stderr.print(f"still running after down: {line}")
    steps.append(_Step("nothing left after down", not leftovers, 0.0))
    return steps


def _files(suite: str) -> list[str]:
    """The files of a suite in the order in which they are run. Given a folder, too, pytest would order them itself."""
    found = [path.relative_to(REPOSITORY) for path in (REPOSITORY / "tests" / suite).rglob("test_*.py")]
    ranks = {name: rank for rank, name in enumerate(FIRST)}
    return [str(path) for path in sorted(found, key=lambda path: (ranks.get(path.name, len(FIRST)), path))]


def _pytest(name: str, paths: list[str], environment: dict[str, str], select: str) -> _Step:
    command = [sys.executable, "-m", "pytest", "-q", "--durations=30", *paths, *(["-k", select] if select else [])]
    if name == "unit":
        # Without an engine nothing takes long: what hangs is to be named soon.
        command += ["--timeout=60", "--numprocesses=auto", "--dist=loadfile"]
    return _run(f"pytest {name}", command, environment)


def _run(name: str, command: Sequence[str | Path], environment: dict[str, str]) -> _Step:
    stderr.print(f"— {name}")
    started = time.monotonic()
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, check=False)
    return _Step(name, done.returncode == 0, time.monotonic() - started)


def _leftovers(home: str) -> list[str]:
    """Processes that still carry the test platform's mark, this one's children excepted."""
    import psutil

    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        try:
            if process.environ().get("FOOTFALL_MARK") == home:
                found.append(f"{process.pid} {' '.join(process.info['cmdline'])[:120]}")
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found

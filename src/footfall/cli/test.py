"""`./footfall test`: runs all checks and tests, on a separate platform that may run beside another one."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from footfall.cli.output import check_known, fail, report, stderr
from footfall.cluster.installation import tools_for_tests
from footfall.cluster.installation.tools_for_tests import Tools
from footfall.runtime import built_jars
from footfall.runtime.errors import ClusterError
from footfall.settings import REPOSITORY, Settings, load_settings

# Far enough from the default ports for both platforms to run, and still below Linux's ephemeral ports.
TEST_PORT_OFFSET = 10_000
SUITES = ("unit", "integration", "e2e", "faults", "cluster")
# It needs as much memory as the platform, so it runs after the others. Without a Docker engine it is skipped.
CLUSTER_SUITE = "cluster"
# All of them run on one platform, in this order. The fault tests break things, so they come last.
PLATFORM_SUITES = ("e2e", "integration", "faults")
# These files run first in their suite. The golden visits need empty stores, and the history page needs published days.
# The fault tests rely on `verify`, so a test first proves that `verify` can fail. Alerts need minutes of undisturbed
# visits. A rebuild would mend figures that a later fault spoilt, and `verify` runs once, at the end.
FIRST = ("test_golden.py", "test_past_days.py", "test_verify_can_fail.py", "test_alerts.py", "test_rebuild.py")


def test(
    suite: Annotated[str, typer.Argument(help=f"{', '.join(SUITES)} or all. Default: what CI runs.")] = "",
    keep: Annotated[bool, typer.Option("--keep", help="Leave the test platform running.")] = False,
    select: Annotated[str, typer.Option("-k", help="Run only tests that match this expression, as in pytest.")] = "",
) -> None:
    """Check style and types, run the unit tests, then run the other tests on a freshly started platform."""
    check_known("suite", suite or None, (*SUITES, "all"))
    settings = load_settings()
    chosen = SUITES if suite in ("", "all") else (suite,)
    environment = _environment(settings, long=suite in ("all", CLUSTER_SUITE))
    on_platform = [s for s in PLATFORM_SUITES if s in chosen]
    try:
        # Before the first test, so that a missing tool is reported at once.
        tools = tools_for_tests.ensure(settings, "unit" in chosen and not select, bool(on_platform), report)
    except ClusterError as error:
        fail(str(error))
    results: list[_Step] = []
    if "unit" in chosen:
        results += _unit(environment, tools, select)
    if on_platform and all(step.ok for step in results):
        results += _platform(on_platform, environment, select, keep)
    if CLUSTER_SUITE in chosen and all(step.ok for step in results):
        results.append(_pytest(CLUSTER_SUITE, [f"tests/{CLUSTER_SUITE}"], environment, select))
    for step in results:
        stderr.print(f"{'ok    ' if step.ok else 'FAILED'} {step.name} ({step.seconds:.0f} s)")
    if not all(step.ok for step in results):
        raise typer.Exit(1)


@dataclass(frozen=True)
class _Step:
    name: str
    ok: bool
    seconds: float


def _environment(settings: Settings, long: bool) -> dict[str, str]:
    """The environment of the test platform: its own home and ports, but the shared installation."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("FOOTFALL_")}
    return inherited | {
        "FOOTFALL_HOME": str(settings.home / "test"),
        "FOOTFALL_INSTALL": str(settings.install),
        "FOOTFALL_PORT_OFFSET": str(TEST_PORT_OFFSET),
        "FOOTFALL_TEST_LONG": "1" if long else "",
        # A batch beside a test would take the machine's time, and change what is published.
        "FOOTFALL_AUTOMATIC_BATCHES": "false",
        "PYTHONPATH": str(REPOSITORY / "src"),
        "TZ": "UTC",
    }


def _unit(environment: dict[str, str], tools: Tools, select: str) -> list[_Step]:
    steps = []
    if not select:
        # Each of the two uses one core for most of its time.
        with ThreadPoolExecutor() as threads:
            jars = threads.submit(_jars, environment, tools)
            steps += [*_static_checks(environment), *jars.result()]
    steps.append(_pytest("unit", ["tests/unit"], environment, select))
    return steps


def _static_checks(environment: dict[str, str]) -> list[_Step]:
    programs = Path(sys.executable).parent
    return [
        _run("ruff check", [programs / "ruff", "check", "."], environment),
        _run("ruff format", [programs / "ruff", "format", "--check", "."], environment),
        _run("mypy", [programs / "mypy"], environment),
        _run("layers", [programs / "lint-imports", "--no-cache"], environment),
        _run("shellcheck", [programs / "shellcheck", "footfall", ".ci/run"], environment),
    ]


def _jars(environment: dict[str, str], tools: Tools) -> list[_Step]:
    """Builds and tests the Java parts."""
    with_java = environment | {"JAVA_HOME": str(tools.java_home)}
    steps = []
    for jar in built_jars.ALL:
        maven: list[str | Path] = ["mvn", "-q", "-B", *tools.offline, "-f", _copied_pom(jar, environment), "verify"]
        steps.append(_run(jar.name, maven, with_java))
    return steps


def _copied_pom(jar: built_jars.BuiltJar, environment: dict[str, str]) -> Path:
    """Copies the Java sources and returns the path of the copied pom, because Maven writes beside its sources."""
    copy = Path(environment["FOOTFALL_HOME"]) / jar.name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(jar.source_folder, copy, ignore=shutil.ignore_patterns("target"))
    return copy / "pom.xml"


def _platform(suites: list[str], environment: dict[str, str], select: str, keep: bool) -> list[_Step]:
    footfall = [sys.executable, "-m", "footfall"]
    # Data of an interrupted run would make the golden figures wrong.
    purge = _run("purge", [*footfall, "down", "--purge", "--yes"], environment)
    # At first the golden visits are the only ones. The fixture `busy_platform` starts the usual visitors.
    quiet = environment | {"FOOTFALL_VISITORS_PER_SITE": "0"}
    steps = [purge, _run("up", [*footfall, "up", "full"], quiet)]
    if steps[-1].ok:
        paths = [path for suite in suites for path in _files(suite)]
        steps.append(_pytest(" ".join(suites), paths, environment, select))
    if keep:
        stderr.print(f"The test platform is still running. Its home is {environment['FOOTFALL_HOME']}.")
        return steps
    steps.append(_run("down", [*footfall, "down", *(["--purge", "--yes"] if steps[-1].ok else [])], environment))
    leftovers = _leftovers(environment["FOOTFALL_HOME"])
    for line in leftovers:
        stderr.print(f"still running after down: {line}")
    steps.append(_Step("nothing left after down", not leftovers, 0.0))
    return steps


def _files(suite: str) -> list[str]:
    """The test files of a suite in the order in which they run. Given a folder, pytest would use its own order."""
    found = [path.relative_to(REPOSITORY) for path in (REPOSITORY / "tests" / suite).rglob("test_*.py")]
    ranks = {name: rank for rank, name in enumerate(FIRST)}
    return [str(path) for path in sorted(found, key=lambda path: (ranks.get(path.name, len(FIRST)), path))]


def _pytest(name: str, paths: list[str], environment: dict[str, str], select: str) -> _Step:
    command = [sys.executable, "-m", "pytest", "-q", "--durations=30", *paths, *(["-k", select] if select else [])]
    if name == "unit":
        # Unit tests use no engine, so none of them takes long. A test that hangs is reported soon. One process more
        # than there are cores, because some tests wait for most of their time.
        command += ["--timeout=60", f"--numprocesses={len(os.sched_getaffinity(0)) + 1}", "--dist=loadfile"]
    return _run(f"pytest {name}", command, environment)


def _run(name: str, command: Sequence[str | Path], environment: dict[str, str]) -> _Step:
    stderr.print(f"— {name}")
    started = time.monotonic()
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, check=False)
    return _Step(name, done.returncode == 0, time.monotonic() - started)


def _leftovers(home: str) -> list[str]:
    """Processes that still carry the mark of the test platform in their environment."""
    import psutil

    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        try:
            if process.environ().get("FOOTFALL_MARK") == home:
                found.append(f"{process.pid} {' '.join(process.info['cmdline'])[:120]}")
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found

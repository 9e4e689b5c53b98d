"""Installs the additional tools of `./footfall test`: Maven, a browser, and a library that Node needs."""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from footfall.runtime import java, maven_repository
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Tools:
    """java_home: the folder of a Java 17 runtime. offline: arguments with which Maven reads locked files only."""

    java_home: Path
    offline: Sequence[str]


def ensure(settings: Settings, builds: bool, browses: bool, report: Report) -> Tools:
    """Installs missing tools.

    builds: whether Maven is needed. browses: whether a browser is needed.
    Raises ClusterError with one line for each tool that cannot be installed, with the remedy.
    """
    problems = []
    offline: Sequence[str] = ()

    settings.install.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.install / "lock"):
        java_home = java.ensure_java(settings, report)
        for ensure_tool, is_needed in ((java.ensure_maven, builds), (_ensure_browser, browses), (_ensure_node, True)):
            try:
                if is_needed:
                    ensure_tool(report)
            except ClusterError as error:
                problems.append(str(error))
        if builds and not problems:
            offline = maven_repository.offline(settings, lambda: java.ensure_maven(report), report)
    if problems:
        raise ClusterError("\n".join(problems))
    return Tools(java_home, offline)


def _ensure_browser(report: Report) -> None:
    """Some tests open pages in the system's Chromium."""
    if not any(map(shutil.which, BROWSERS)) and not java.apt_install(["chromium"], report):
        raise ClusterError(
            "Chromium is missing; tests open pages in it. Install it with `sudo apt-get install chromium`."
        )


def _ensure_node(report: Report) -> None:
    """Some tests run the tracker in Playwright's Node. A minimal Debian lacks one of its libraries."""
    if _node_runs() or (java.apt_install(["libatomic1"], report) and _node_runs()):
        return
    raise ClusterError(
        "Playwright's Node, in which tests run the tracker, does not start. Usually it lacks libatomic.so.1. Install "
        "it with `sudo apt-get install libatomic1`."
    )


def _node_runs() -> bool:
    import playwright

    node = Path(playwright.__file__).parent / "driver" / "node"
    try:
        return subprocess.run([node, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False

"""What `footfall test` needs beside what runs: Maven for the topology's own tests, a browser, and what Node needs."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from footfall.runtime import java
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

Say = Callable[[str], None]


def ensure(settings: Settings, builds: bool, browses: bool, say: Say) -> Path:
    """Installs what is missing; returns the folder of a Java 17 runtime.

    builds: with Maven. browses: with a browser.
    Raises ClusterError with a line for each thing that cannot be had, and what to do.
    """
    problems = []

    settings.install.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.install / "lock"):
        java_home = java.ensure_java(settings, say)
        for ensure_tool, is_needed in ((java.ensure_maven, builds), (_ensure_browser, browses), (_ensure_node, True)):
            try:
                if is_needed:
                    ensure_tool(say)
            except ClusterError as error:
                problems.append(str(error))
    if problems:
        raise ClusterError("\n".join(problems))
    return java_home


def _ensure_browser(say: Say) -> None:
    """Some tests look at pages with the system's Chromium."""
    if not any(map(shutil.which, BROWSERS)) and not java.apt_install(["chromium"], say):
        raise ClusterError(
            "Chromium is missing; tests look at pages with it. Install it with `sudo apt-get install chromium`."
        )


def _ensure_node(say: Say) -> None:
    """Some tests run the tracker in the Node that Playwright brings along; a bare Debian lacks one of its libraries."""
    if _node_runs() or (java.apt_install(["libatomic1"], say) and _node_runs()):
        return
    raise ClusterError(
        "Playwright's Node, in which tests run the tracker, does not run. As a rule it lacks libatomic.so.1: install "
        "it with `sudo apt-get install libatomic1`."
    )


def _node_runs() -> bool:
    import playwright

    node = Path(playwright.__file__).parent / "driver" / "node"
    try:
        return subprocess.run([node, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False

"""Builds command lines of Java processes, and runs the commands that format storage."""

import subprocess
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from footfall.cluster.service import tmp_dir
from footfall.runtime import jvm
from footfall.runtime.environment import child_environment
from footfall.runtime.errors import ClusterError
from footfall.runtime.jars import lib_dir
from footfall.runtime.java import java_home
from footfall.settings import Settings

_FORMAT_TIMEOUT_S: Final = 120
# The process manager restarts a service that runs out of memory.
QUICK: Final = jvm.QUICK
OPEN: Final = jvm.OPEN


def java(
    settings: Settings,
    engine: str,
    name: str,
    heap_mb: int,
    main: str,
    arguments: Sequence[str],
    *,
    options: Sequence[str] = (),
    before: Sequence[Path] = (),
    after: Sequence[Path] = (),
) -> list[str]:
    """Returns the command of a main class with the jars of an engine.

    name: the service whose temporary folder it uses. before, after: class path entries before and after the jars.
    """
    class_path = ":".join([*map(str, before), f"{lib_dir(settings, engine)}/*", *map(str, after)])
    return [
        str(java_home(settings) / "bin" / "java"),
        f"-Xmx{heap_mb}m",
        *jvm.COMMON,
        f"-Djava.io.tmpdir={tmp_dir(settings, name)}",
        *options,
        "-cp",
        class_path,
        main,
        *arguments,
    ]


def log4j(conf: Path) -> str:
    """The JVM option that makes log4j 1 read its configuration from this folder."""
    return f"-Dlog4j.configuration=file:{conf / 'log4j.properties'}"


def format_storage(settings: Settings, command: list[str], what: str, done_statuses: Collection[int] = (0,)) -> None:
    """Runs a command that formats the storage of an engine. Raises ClusterError with the last lines of its output.

    done_statuses: the exit statuses that mean that it is formatted.
    """
    done = subprocess.run(
        command,
        env=child_environment(settings),
        cwd=settings.run_dir,
        capture_output=True,
        text=True,
        timeout=_FORMAT_TIMEOUT_S,
        check=False,
    )
    if done.returncode not in done_statuses:
        tail = (done.stdout + done.stderr).strip().splitlines()[-3:]
        raise ClusterError(f"{what} could not be formatted: {' / '.join(tail)}")

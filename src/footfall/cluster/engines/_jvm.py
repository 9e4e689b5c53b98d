"""Command lines of Java processes, and how one is run to its end. For the engines' modules."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from footfall.cluster.service import tmp_dir
from footfall.runtime.environment import child_environment
from footfall.runtime.errors import ClusterError
from footfall.runtime.jars import lib_dir
from footfall.runtime.java import java_home
from footfall.settings import Settings

_FORMAT_TIMEOUT_S: Final = 120
# Small machines and small heaps: one collector thread costs least, and pauses of such heaps are short. A service that
# runs out of memory ends, and the process manager starts it anew.
_COMMON: Final = (
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Djava.net.preferIPv4Stack=true",
    "-Dfile.encoding=UTF-8",
    "-Duser.language=en",
)
# For daemons that do little and must start soon: the second compiler's work would never pay.
QUICK: Final = ("-XX:TieredStopAtLevel=1",)
# What Hadoop's and HBase's reflection needs since Java 16.
OPEN: Final = tuple(
    f"--add-opens=java.base/{package}=ALL-UNNAMED"
    for package in (
        "java.io",
        "java.lang",
        "java.lang.reflect",
        "java.net",
        "java.nio",
        "java.util",
        "java.util.concurrent",
        "jdk.internal.ref",
        "sun.nio.ch",
    )
)


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
    """The command of a main class with an engine's jars; `before` and `after` stand beside them in the class path.

    name: the service whose temporary folder it uses.
    """
    class_path = ":".join([*map(str, before), f"{lib_dir(settings, engine)}/*", *map(str, after)])
    return [
        str(java_home(settings) / "bin" / "java"),
        f"-Xmx{heap_mb}m",
        *_COMMON,
        f"-Djava.io.tmpdir={tmp_dir(settings, name)}",
        *options,
        "-cp",
        class_path,
        main,
        *arguments,
    ]


def log4j(conf: Path) -> str:
    """The option by which log4j 1 finds its configuration in a service's folder."""
    return f"-Dlog4j.configuration=file:{conf / 'log4j.properties'}"


def format_storage(settings: Settings, command: list[str], what: str) -> None:
    """Runs the command that prepares an engine's empty storage. Raises ClusterError with the end of its output."""
    done = subprocess.run(
        command,
        env=child_environment(settings),
        cwd=settings.run_dir,
        capture_output=True,
        text=True,
        timeout=_FORMAT_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        tail = (done.stdout + done.stderr).strip().splitlines()[-3:]
        raise ClusterError(f"{what} could not be formatted: {' / '.join(tail)}")

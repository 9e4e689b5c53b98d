"""Runs Sqoop: one MapReduce job on YARN, in the process of its application master."""

import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from footfall import postgres
from footfall.jobs import mapreduce
from footfall.jobs.model import tag
from footfall.runtime.built_jars import SQOOP_ROW
from footfall.runtime.environment import child_environment
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings
from footfall.warehouse.sqoop.source import Span, query
from footfall.yarn import Yarn

JOB_NAME: Final = "profiles"
# The task holds a thousand rows at a time. Half of the container is the JVM's memory besides its heap.
CONTAINER_MB: Final = 512
# Sqoop's client took 155 MiB with this heap.
CLIENT_HEAP_MB: Final = 160
_ROW_CLASS: Final = "footfall.crm.TextRow"
_RETRIEVED: Final = re.compile(r"Retrieved (\d+) records\.")
_DATABASE_ERROR: Final = re.compile(r"PSQLException: (.+)")
_LOGGED_ERROR: Final = re.compile(r" ERROR \w+: (.+)")
_CAUSE: Final = re.compile(r"(?:Caused by|Error): (?:[\w.$]+: )?(.+)")


class ImportFailed(ClusterError):
    """Sqoop did not import an extract; the message is one sentence."""


def run_sqoop(settings: Settings, run: str, span: Span, target: str, report: Callable[[str], None]) -> int:
    """Imports an extract into a folder of HDFS, which must not exist. Returns the number of rows that Sqoop counted.

    report: receives each line of Sqoop's log. Sqoop's process ends with this call, also if it is interrupted.
    Raises ImportFailed, and ClusterError if this machine lacks something that Sqoop needs.
    """
    folder = settings.run_dir / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    said: list[str] = []
    with tempfile.TemporaryDirectory(dir=folder, prefix="sqoop-") as scratch:
        started = command(settings, run, span, target, Path(scratch))
        process = subprocess.Popen(
            started,
            env=child_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        assert process.stdout is not None
        try:
            for line in process.stdout:
                said.append(line.rstrip())
                report(said[-1])
            status = process.wait()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    rows = retrieved(said)
    if status != 0 or rows is None:
        raise ImportFailed(failure(said))
    return rows


def end_earlier(settings: Settings, run: str) -> None:
    """Ends what an interrupted attempt of this run left on YARN. Raises YarnUnavailable."""
    Yarn(settings).end_all(tag(JOB_NAME, run))


def retrieved(said: Iterable[str]) -> int | None:
    """The number of rows in Sqoop's log; None if it names none."""
    found = [int(match.group(1)) for line in said if (match := _RETRIEVED.search(line))]
    return found[-1] if found else None


def failure(said: list[str]) -> str:
    """The sentence about an import that failed, from Sqoop's log."""
    for pattern in (_DATABASE_ERROR, _LOGGED_ERROR, _CAUSE):
        reasons = [match.group(1) for line in said if (match := pattern.search(line))]
        if reasons:
            # The cause of all is named last.
            return f"Sqoop could not import the CRM's people: {reasons[-1].strip().rstrip('.')[:300]}."
    return "Sqoop ended without an import and gave no reason. See the log of the job `profiles`."


def command(settings: Settings, run: str, span: Span, target: str, scratch: Path) -> list[str]:
    """Sqoop's command line. scratch: a folder for its temporary files. Raises ClusterError."""
    row = SQOOP_ROW.path(settings)
    options = mapreduce.options(settings, tag(JOB_NAME, run), CONTAINER_MB, sort_mb=1, engines=("sqoop",))
    arguments = [
        "import",
        *options,
        f"-Dmapreduce.job.name=Sqoop: people of the CRM, run {run}",
        *("--connect", postgres.jdbc_url(settings, "crm")),
        *("--username", "sqoop"),
        *("--password-file", f"file://{postgres.password_file(settings, 'sqoop')}"),
        *("--query", query(span)),
        *("--target-dir", target),
        *("--num-mappers", "1"),
        # Sqoop would generate this class and compile it with javac, which a Java runtime lacks. The class itself
        # decides how a row becomes a line and how NULL is written; Sqoop's options for that would change nothing.
        *("--jar-file", str(row)),
        *("--class-name", _ROW_CLASS),
        # The container finds the same jars on this machine.
        "--skip-dist-cache",
    ]
    return mapreduce.client(
        settings, CLIENT_HEAP_MB, "org.apache.sqoop.Sqoop", arguments, temporary=scratch, engines=("sqoop",)
    )

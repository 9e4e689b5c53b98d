"""The client of the job `profiles`: `python -m footfall.warehouse.sqoop.run RUN DAY…`.

It imports an extract, makes the tables of all extracts, checks them and publishes them. If a step fails, the published
profiles stay in use. A run that is repeated continues with the extract that it has imported. The days are those of
every job; people are taken as they are now.
"""

import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from footfall.errors import FootfallError
from footfall.hdfs import Hdfs
from footfall.jobs.model import request_of
from footfall.lake.layout import Files
from footfall.runtime.termination import terminable
from footfall.settings import Settings, load_settings
from footfall.warehouse import profiles
from footfall.warehouse.profiles import PROFILES, PROFILES_HISTORY
from footfall.warehouse.sqoop import audit, extracts, history, importing, source
from footfall.warehouse.sqoop.extracts import Extract
from footfall.warehouse.sqoop.source import Span

# Longer than an import takes.
_LOCK_PATIENCE_S: Final = 240

Report = Callable[[str], None]


class Busy(FootfallError):
    """Another run imports profiles at this moment; the message is one sentence."""


def main(arguments: Sequence[str]) -> int:
    """Runs the job. Returns the exit status."""
    try:
        request = request_of(arguments)
        # Sqoop's process and Spark's end in `finally` blocks.
        with terminable():
            run_job(load_settings(), request.run, _print)
    except FootfallError as error:
        print(f"{error} The published profiles stay in use.", file=sys.stderr)
        return 1
    return 0


def run_job(settings: Settings, run: str, report: Report) -> None:
    """Imports, makes, checks and publishes the profiles of a run. Raises FootfallError."""
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(settings.run_dir / "profiles.lock", timeout=_LOCK_PATIENCE_S):
            _run(settings, run, report)
    except Timeout:
        raise Busy("Another run has been importing profiles for minutes. Try again when it has ended.") from None


def _run(settings: Settings, run: str, report: Report) -> None:
    hdfs = Hdfs(settings)
    in_use = profiles.published(hdfs)
    if in_use is not None and in_use.has(run):
        report(f"The profiles of run {run} were published before.")
        return
    if extracts.find(hdfs, run) is None:
        importing.end_earlier(settings, run)
        _import(settings, hdfs, run, report)
    taken = extracts.current(hdfs)
    expected = extracts.summarise(hdfs, taken)
    report(f"Making the history of {expected.people:,} people from {len(taken)} extracts.")
    targets = {table: table.partition(run) for table in profiles.TABLES}
    with (
        tempfile.TemporaryDirectory(dir=settings.run_dir, prefix="profiles-") as scratch,
        history.local_session(settings, Path(scratch)) as spark,
    ):
        history.write(spark, [extract.folder for extract in taken], targets)
    audit.check(hdfs, targets[PROFILES_HISTORY], targets[PROFILES], expected)
    profiles.publish(hdfs, run, taken[-1].run, expected.rows, time.time_ns() // 1_000_000)
    report(f"Published {expected.rows:,} versions of {expected.people:,} people.")


def _import(settings: Settings, files: Files, run: str, report: Report) -> Extract:
    """Imports the extract of a run and makes it visible."""
    taken = extracts.current(files)
    now = source.inspect(settings, taken[-1].settled_ms if taken else None)
    if now.new_columns:
        report(f"Warning: the CRM has new columns, which are not imported: {', '.join(now.new_columns)}.")
    span = Span(None, now.now_ms)
    if reason := extracts.reason_for_all(files, taken, now.settled or 0):
        report(f"{reason} All versions are imported.")
    else:
        span = extracts.next_span(taken, now.now_ms)
    # No other import is under way, so what is here was left by one that died.
    files.delete(extracts.STAGING)
    staged = f"{extracts.STAGING}/{run}-{secrets.token_hex(2)}"
    rows = importing.run_sqoop(settings, run, span, staged, report)
    extract = extracts.land(files, staged, run, span, rows)
    report(f"Imported {rows:,} versions into {extract.folder}.")
    return extract


def _print(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

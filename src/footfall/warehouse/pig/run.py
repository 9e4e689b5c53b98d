"""Runs Pig for some days of a run: `python -m footfall.warehouse.pig.run RUN DAY…`.

It writes the run's partitions of every table whose writer is Pig. It ends with 0, or its last line on stderr says what
failed. A second execution for the same run replaces the first, also if that was killed.
"""

import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from subprocess import Popen
from typing import Final

from footfall.errors import EngineUnavailable, FootfallError
from footfall.hdfs import Hdfs
from footfall.jobs import mapreduce
from footfall.jobs.errors import WrongRequest
from footfall.jobs.model import request_of, tag
from footfall.runtime.built_jars import PIG_FUNCTIONS
from footfall.runtime.environment import child_environment
from footfall.runtime.termination import Terminated, terminable
from footfall.settings import Settings, load_settings
from footfall.warehouse import manifest
from footfall.warehouse.pig import inputs, partitions, script
from footfall.warehouse.pig.errors import PigFailed
from footfall.warehouse.tables import ROOT
from footfall.yarn import Yarn

CONTAINER_MB: Final = 1024
# Pig's client plans the script: two hundred statements for a week.
_CLIENT_MB: Final = 256
_SORT_MB: Final = 100
# Each day of each table has a writer with a buffer of its own, which holds at most this many bytes.
_ROW_GROUP_BYTES: Final = 8 * 2**20
# Pig's number of an error, and the Java class of an exception, before its message.
_CLASS: Final = re.compile(r"^(?:ERROR \d+: |[\w.$]+(?:Exception|Error): )+")


def main(arguments: Sequence[str]) -> int:
    """The process: returns its exit status."""
    try:
        request = request_of(arguments)
    except WrongRequest as error:
        print(error, file=sys.stderr)
        return 1
    with terminable():
        try:
            make_tables(load_settings(), request.run, [day.isoformat() for day in request.days])
        except FootfallError as error:
            print(error, file=sys.stderr)
            return 1
        except (Terminated, KeyboardInterrupt):
            print(f"The job was cancelled. The tables of the run {request.run} are as they were.", file=sys.stderr)
            return 1
    return 0


def make_tables(settings: Settings, run: str, days: Sequence[str]) -> None:
    """Makes the run's partitions of these days, of all tables that Pig writes. Raises FootfallError."""
    hdfs, yarn, job_tag = Hdfs(settings), Yarn(settings), tag("logs", run)
    taken = manifest.load(hdfs, run)
    found = inputs.of(taken, days)
    staging = f"{ROOT}/_staging/{run}-logs"
    yarn.end_all(job_tag)  # An earlier client may have left one, which could still write.
    hdfs.delete(staging)
    inputs.check_present(hdfs, found)
    try:
        partitions.keep(hdfs, run, {day: taken.lines_kept[day] for day in days if day in taken.lines_kept}, staging)
        if made := [day for day in days if day not in taken.lines_kept]:
            empty = inputs.write_empty_lines(hdfs, made, f"{staging}/empty")
            title = f"footfall logs {run} {made[0]} to {made[-1]}"
            text = script.render(title, made, [*empty, *found.logs], found.rejected, f"{staging}/tables")
            _run_pig(settings, yarn, job_tag, text, f"{staging}/pig")
            partitions.put(hdfs, run, made, f"{staging}/tables")
    finally:
        # It may hold gigabytes, and whatever failed is not helped by keeping them.
        _clean_up(hdfs, staging)


def _run_pig(settings: Settings, yarn: Yarn, job_tag: str, text: str, pig_folder: str) -> None:
    temporary_root = settings.run_dir / "tmp"
    temporary_root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=temporary_root, prefix="pig-") as folder:
        script_file, log = Path(folder) / "logs.pig", Path(folder) / "pig.log"
        script_file.write_text(text, "utf-8")
        command = _command(settings, job_tag, script_file, pig_folder, log)
        # Pig writes to stdout what belongs to no result.
        with Popen(command, env=child_environment(settings), cwd=folder, stdout=sys.stderr) as pig:
            try:
                status = pig.wait()
            except BaseException:
                mapreduce.stop(pig)
                try:
                    yarn.end_all(job_tag)
                except EngineUnavailable as error:
                    print(error, file=sys.stderr)
                raise
        if status != 0:
            raise PigFailed(f"Pig could not make the tables of log lines. {reason(log, status)}")


def _command(settings: Settings, job_tag: str, script_file: Path, pig_folder: str, log: Path) -> list[str]:
    jars = [PIG_FUNCTIONS.path(settings)]
    properties = {
        # What a killed client leaves behind goes with the staging folder.
        "pig.temp.dir": pig_folder,
        "parquet.compression": "SNAPPY",
        "parquet.block.size": str(_ROW_GROUP_BYTES),
        # Readers would take them for data.
        "parquet.summary.metadata.level": "NONE",
        "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    }
    options = [
        *mapreduce.options(settings, job_tag, CONTAINER_MB, _SORT_MB, engines=["pig"], jars=jars),
        *(f"-D{name}={value}" for name, value in properties.items()),
    ]
    arguments = [*options, "-x", "mapreduce", "-l", str(log), str(script_file)]
    return mapreduce.client(
        settings, _CLIENT_MB, "org.apache.pig.Main", arguments, temporary=log.parent, engines=["pig"], jars=jars
    )


def reason(log: Path, status: int) -> str:
    """Pig's own first sentence about its failure."""
    try:
        lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines()]
    except OSError:
        lines = []
    said = [line for line in lines if line and not line.startswith(("Pig Stack Trace", "---", "Backend error", "==="))]
    return f"It said: {_CLASS.sub('', said[0])[:500]}" if said else f"It ended with status {status} and said nothing."


def _clean_up(hdfs: Hdfs, staging: str) -> None:
    try:
        hdfs.delete(staging)
    except EngineUnavailable as error:
        print(f"{staging} could not be deleted; the next attempt does it. {error}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

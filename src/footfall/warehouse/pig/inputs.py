"""The files that a run of Pig reads, according to the run's manifest."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from footfall.lake.layout import Files
from footfall.names import LOG_KINDS
from footfall.warehouse.manifest import Manifest
from footfall.warehouse.pig.errors import PigFailed

_PARALLEL: Final = 4


class Inputs(NamedTuple):
    """Paths of files. logs: of all kinds and days. rejected: of rejected events, by day."""

    logs: list[str]
    rejected: dict[str, list[str]]


def of(manifest: Manifest, days: Sequence[str]) -> Inputs:
    """The files of those of these days whose tables are made anew. Raises PigFailed if the manifest lacks a day."""
    if unknown := [day for day in days if day not in manifest.days]:
        raise PigFailed(f"The run {manifest.run} does not cover {unknown[0]}. Its days are {', '.join(manifest.days)}.")
    made = [day for day in days if day not in manifest.lines_kept]
    logs = [path for kind in LOG_KINDS for day in made for path in manifest.logs.get(kind, {}).get(day, ())]
    return Inputs(logs, {day: list(manifest.rejected.get(day, ())) for day in made})


def check_present(files: Files, inputs: Inputs) -> None:
    """Raises PigFailed if a file is not in HDFS any more, and HdfsUnavailable."""
    paths = [*inputs.logs, *(path for of_day in inputs.rejected.values() for path in of_day)]
    present = _entries(files, {path.rpartition("/")[0] for path in paths})
    missing = [path for path in paths if path not in present]
    if missing:
        more = f" and {len(missing) - 1} others are" if len(missing) > 1 else " is"
        raise PigFailed(
            f"{missing[0]}{more} not in HDFS any more, although the run's manifest names them. "
            "Start a new run, which takes a new manifest."
        )


def write_empty_lines(files: Files, days: Sequence[str], folder: str) -> list[str]:
    """Writes a file with one empty line for each kind and day, and returns the paths.

    The script counts lines by kind and day, and an empty line makes both known to it where no file does. Pig also
    refuses to load an empty list. Raises HdfsUnavailable.
    """
    paths = [f"{folder}/{kind}/dt={day}/empty" for kind in LOG_KINDS for day in days]
    with ThreadPoolExecutor(_PARALLEL) as pool:
        list(pool.map(lambda path: files.write(path, b"\n"), paths))
    return paths


def _entries(files: Files, folders: Iterable[str]) -> set[str]:
    with ThreadPoolExecutor(_PARALLEL) as pool:
        return {entry.path for entries in pool.map(files.list, sorted(folders)) for entry in entries}

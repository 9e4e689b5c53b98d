"""The manifest of a run: exactly which part of the archive and which files the run reads.

It is taken once at the run's start and stored in HDFS, so that all jobs of the run and its checks read the same data.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Final

from footfall.errors import FootfallError
from footfall.lake.layout import Files
from footfall.warehouse.tables import ROOT

RUNS: Final = f"{ROOT}/_runs"
_PUBLISHED: Final = "-published.json"


class ManifestMissing(FootfallError):
    """A run has no manifest; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a run reads.

    days: UTC days as YYYY-MM-DD, ascending
    taken_ms: when the manifest was taken, ms since 1970
    archive_ends: by Kafka partition (as text): the offset from which on the run ignores archived events
    logs: by kind of log and day: the paths of the files
    rejected: by day: the paths of the files of rejected events
    lines_kept: by day: the run whose tables of lines this run keeps, because some of their files are gone
    """

    run: str
    days: list[str]
    taken_ms: int
    archive_ends: dict[str, int]
    logs: dict[str, dict[str, list[str]]]
    rejected: dict[str, list[str]]
    lines_kept: dict[str, str] = field(default_factory=dict)

    @property
    def dates(self) -> tuple[date, ...]:
        """The days as dates."""
        return tuple(date.fromisoformat(day) for day in self.days)

    def lines_of(self, day: str) -> set[str]:
        """The paths of a day's files of log lines and rejected events."""
        return {path for days in (*self.logs.values(), self.rejected) for path in days.get(day, ())}


def path(run: str) -> str:
    """The path of a run's manifest in HDFS."""
    return f"{RUNS}/{run}.json"


def load(hdfs: Files, run: str) -> Manifest:
    """The manifest of a run. Raises ManifestMissing and HdfsUnavailable."""
    content = hdfs.read(path(run))
    if content is None:
        raise ManifestMissing(f"The run {run} has no manifest ({path(run)}). Start it with `./footfall batch`.")
    return Manifest(**json.loads(content))


def store(hdfs: Files, manifest: Manifest) -> None:
    """Writes the manifest. Raises HdfsUnavailable."""
    hdfs.write(path(manifest.run), json.dumps(asdict(manifest)).encode())


def record_published(hdfs: Files, run: str, days: Iterable[date]) -> None:
    """Records that a run was published for these days. Raises HdfsUnavailable."""
    hdfs.write(_published_path(run), json.dumps(sorted(map(str, days))).encode())


def last_published(hdfs: Files) -> dict[date, tuple[str, int]]:
    """Day → the run that was published for it last, and when that was recorded, ms since 1970.

    It need not be the run that began last. Raises HdfsUnavailable.
    """
    found: dict[date, tuple[str, int]] = {}
    for file in sorted(hdfs.list(RUNS), key=lambda file: file.modified_ms):
        if file.name.endswith(_PUBLISHED) and (content := hdfs.read(file.path)) is not None:
            last = file.name.removesuffix(_PUBLISHED), file.modified_ms
            found.update(dict.fromkeys(map(date.fromisoformat, json.loads(content)), last))
    return found


def _published_path(run: str) -> str:
    return f"{RUNS}/{run}{_PUBLISHED}"

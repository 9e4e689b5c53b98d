"""The raw data of published days on this machine's disk, for the oracle: what a run's manifest says that it read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from footfall.lake import layout
from footfall.lake.layout import Files
from footfall.names import LogKind
from footfall.warehouse.manifest import Manifest


@dataclass(slots=True)
class RawDays:
    """What `tests.oracle.oracle.Oracle` takes."""

    events: list[Path] = field(default_factory=list)
    logs: dict[str, list[Path]] = field(default_factory=dict)
    profiles: list[Path] = field(default_factory=list)
    archive_ends: dict[str, dict[str, int]] = field(default_factory=dict)


def download(files: Files, folder: Path, manifests: Mapping[str, Manifest], profiles: str | None = None) -> RawDays:
    """Copies the events and the error and performance lines of days from HDFS into a folder.

    manifests: by day (YYYY-MM-DD), of the run that is published for it. profiles: the folder of the run of
    `profiles_history` that the facts were joined with. Raises HdfsUnavailable.
    """
    raw = RawDays(archive_ends={day: manifest.archive_ends for day, manifest in manifests.items()})
    for (app, day), place in layout.folders(files, layout.EVENTS).items():
        if day in manifests:
            raw.events += _copied(files, place, folder / "events" / f"app_id={app}" / f"dt={day}")
    kinds: tuple[LogKind, ...] = ("error", "performance")
    for kind in kinds:
        raw.logs[kind] = [
            _put(folder / "logs" / kind / day / Path(path).name, files.read(path))
            for day, manifest in manifests.items()
            for path in manifest.logs.get(kind, {}).get(day, ())
        ]
    if profiles is not None:
        raw.profiles = _copied(files, profiles, folder / "profiles")
    return raw


def _copied(files: Files, place: str, target: Path) -> list[Path]:
    """A compaction may delete files after they were listed; then the folder is listed again."""
    while True:
        contents = {part.name: files.read(part.path) for part in layout.parts(files, place)}
        if None not in contents.values():
            return [_put(target / name, content) for name, content in contents.items()]


def _put(path: Path, content: bytes | None) -> Path:
    assert content is not None, f"{path.name} is no longer in HDFS."
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path

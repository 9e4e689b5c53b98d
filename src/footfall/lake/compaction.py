"""Merges the archive's small files, so that readers open few files. A crash at any point loses no row and leaves no
duplicate.

The merge writes the rows to the staging folder, records an intent, renames the merged file to its final name, and then
deletes the small files. A reader in between may see a row twice; `finish` completes a merge that a crash interrupted.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final, NamedTuple

from footfall.hdfs import FileStatus, HdfsUnavailable
from footfall.lake import layout
from footfall.lake.layout import Files, Part, Store

# The number of files of one level that become one file of the next level. With a batch every 15 s, a file covers five
# minutes, then 100 minutes, then a day.
FAN: Final = 20
_TOP: Final = 9
_LARGE: Final = 128 << 20
# The upper bound of one merge, so that the next batch does not wait long.
_MAX_BYTES: Final = 512 << 20
_SETTLED_MS: Final = 3_600_000
# Merged rows stay here until the merged file gets its final name.
MERGING: Final = f"{layout.STAGING}/merge"


class Group(NamedTuple):
    """Files of one folder to merge into the file `target`."""

    store: Store
    folder: str
    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True, slots=True)
class Intent:
    """The merge in progress. It is written before anything changes that readers see."""

    staged: str
    target: str
    sources: list[str]


# Writes the rows of a group as one file below a folder. Arguments: the group and the folder.
Merge = Callable[[Group, str], None]


def due(store: Store, folder: str, files: Iterable[FileStatus], current: str, done: int) -> list[Group]:
    """The groups of a folder's files to merge now: `FAN` files of one level each, the oldest first.

    current: the checkpoint in use. done: its last batch that Spark committed; files of later batches are left out,
    since Spark may repeat those batches.
    """
    groups = []
    for (_, level), parts in groupby(_committed(files, current, done), lambda p: (p.checkpoint, p.level)):
        mergeable = list(parts)
        while len(mergeable) >= FAN and level < _TOP - 1:
            groups.append(_group(store, folder, mergeable[:FAN], level + 1))
            del mergeable[:FAN]
    return groups


def due_when_over(
    store: Store, folder: str, day: date, files: Sequence[FileStatus], current: str, done: int, now_ms: int
) -> list[Group]:
    """The groups that reduce a finished day to one file per checkpoint.

    The day must have ended more than a day ago, and its folder must not have changed for an hour.
    """
    over_ms = (day + timedelta(days=2) - date(1970, 1, 1)).days * 86_400_000
    if now_ms < over_ms or any(now_ms - file.modified_ms < _SETTLED_MS for file in files):
        return []
    if sum(file.length for file in files) > _MAX_BYTES:
        return []
    groups = []
    ordered = sorted(_committed(files, current, done))
    for _, parts in groupby(ordered, lambda part: part.checkpoint):
        mergeable = list(parts)
        if len(mergeable) > 1:
            groups.append(_group(store, folder, mergeable, _TOP))
    return groups


def carry_out(files: Files, group: Group, merge: Merge) -> None:
    """Merges a group. Raises HdfsUnavailable and the errors of `merge`; `finish` then completes or undoes the merge."""
    if under_way(files):
        # A second intent would overwrite the list of files that the first merge still has to delete.
        raise HdfsUnavailable("An interrupted merge is not completed yet.")
    folder = MERGING
    files.delete(folder)
    merge(group, folder)
    staged = [file.path for file in files.list(folder) if file.name.endswith(".parquet")]
    if len(staged) != 1:
        raise HdfsUnavailable(
            f"Merging {len(group.sources)} files of {group.folder} made {len(staged)} files, not one."
        )
    intent = Intent(staged[0], group.target, list(group.sources))
    layout.put(files, layout.INTENT, json.dumps(asdict(intent)).encode())
    finish(files)


def finish(files: Files) -> None:
    """Completes an interrupted merge, if there is one. Raises HdfsUnavailable."""
    content = files.read(layout.INTENT)
    if content is None:
        return
    try:
        intent = Intent(**json.loads(content))
    except (ValueError, TypeError):
        raise HdfsUnavailable(f"{layout.INTENT} is damaged.") from None
    if files.exists(intent.staged):
        files.replace(intent.staged, intent.target)
    if files.exists(intent.target):
        # The merged file may have the name of a source if the folder was merged before.
        for source in intent.sources:
            if source != intent.target:
                files.delete(source)
    files.delete(layout.INTENT)


def under_way(files: Files) -> bool:
    """Whether a merge is not completed. Raises HdfsUnavailable."""
    return files.exists(layout.INTENT)


def _committed(files: Iterable[FileStatus], current: str, done: int) -> list[Part]:
    """The committed files by checkpoint, level and batch, without large files, which need no merge."""
    found = [
        part
        for file in files
        if (part := layout.part_of(file.name)) is not None
        and file.length < _LARGE
        and (part.checkpoint != current or part.last <= done)
    ]
    return sorted(found, key=lambda part: (part.checkpoint, part.level, part.first))


def _group(store: Store, folder: str, parts: Sequence[Part], level: int) -> Group:
    first, last = min(part.first for part in parts), max(part.last for part in parts)
    target = Part(parts[0].checkpoint, first, last, level)
    return Group(store, folder, tuple(f"{folder}/{part.name}" for part in parts), f"{folder}/{target.name}")

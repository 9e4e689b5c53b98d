"""Merges the archive's small files, so that readers open few. Interrupted anywhere, it loses and doubles nothing.

Merged rows are written aside; an intent is noted; the merged file gets its name, then the small ones are deleted. For
an instant a row is there twice, and never is one missing.
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

# So many files of a level become one of the next. With a batch each 15 s: five minutes, then 100 minutes, then a day.
FAN: Final = 20
_TOP: Final = 9
_LARGE: Final = 128 << 20
# Merged at most once at a time, so that a batch does not wait long.
_MOST_BYTES: Final = 512 << 20
_SETTLED_MS: Final = 3_600_000
# Where merged rows lie until they have their name.
MERGING: Final = f"{layout.STAGING}/merge"


class Group(NamedTuple):
    """Files of one folder that are to become one, called `target`."""

    store: Store
    folder: str
    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True, slots=True)
class Intent:
    """What a compaction is doing: written before anything that readers see changes."""

    staged: str
    target: str
    sources: list[str]


# Writes the rows of files as one file below a folder. Arguments: what is merged, and that folder.
Merge = Callable[[Group, str], None]


def due(store: Store, folder: str, files: Iterable[FileStatus], current: str, done: int) -> list[Group]:
    """What of a folder is to be merged now: so many files of one level, the oldest first.

    current: the checkpoint in use; done: its last batch that Spark has committed. Younger files are left alone, since
    their batch may be done again.
    """
    groups = []
    for (_, level), parts in groupby(_committed(files, current, done), lambda p: (p.checkpoint, p.level)):
        several = list(parts)
        while len(several) >= FAN and level < _TOP - 1:
            groups.append(_group(store, folder, several[:FAN], level + 1))
            del several[:FAN]
    return groups


def due_when_over(
    store: Store, folder: str, day: date, files: Sequence[FileStatus], current: str, done: int, now_ms: int
) -> list[Group]:
    """A day that is over for more than a day, and whose folder rested for an hour, becomes one file a checkpoint."""
    over_ms = (day + timedelta(days=2) - date(1970, 1, 1)).days * 86_400_000
    if now_ms < over_ms or any(now_ms - file.modified_ms < _SETTLED_MS for file in files):
        return []
    if sum(file.length for file in files) > _MOST_BYTES:
        return []
    groups = []
    ordered = sorted(_committed(files, current, done))
    for _, parts in groupby(ordered, lambda part: part.checkpoint):
        several = list(parts)
        if len(several) > 1:
            groups.append(_group(store, folder, several, _TOP))
    return groups


def carry_out(files: Files, group: Group, merge: Merge) -> None:
    """Merges a group. Raises HdfsUnavailable, and what `merge` does; `finish` then completes or undoes it."""
    if under_way(files):
        # Another intent would make it forgotten which files that one had still to delete.
        raise HdfsUnavailable("A merge was interrupted and is not completed yet.")
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
    """Completes a compaction that was interrupted, if there is one. Raises HdfsUnavailable."""
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
        # The merged file may have a source's name when a folder is merged that was merged before.
        for source in intent.sources:
            if source != intent.target:
                files.delete(source)
    files.delete(layout.INTENT)


def under_way(files: Files) -> bool:
    """Whether a compaction stands half done. Raises HdfsUnavailable."""
    return files.exists(layout.INTENT)


def _committed(files: Iterable[FileStatus], current: str, done: int) -> list[Part]:
    """Sorted by checkpoint, level and batch; without large ones, which gain nothing."""
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

"""What `down --purge` deletes: the folders of the home that Footfall made, and nothing that a link points to.

A home may be a folder that existed before, with a `logs/` or `run/` of its own. So `up` records which folders it found
missing or empty: what is in them is Footfall's.
"""

import json
import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from footfall.cluster import services
from footfall.cluster.supervision.manager import socket_folder
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings

FOLDERS: Final = ("conf", "data", "ledger", "logs", "mail", "run", "secrets", "spool")
MARKER: Final = "made-by-footfall.json"
# Everything else that a home may hold.
_OTHERS: Final = ("cluster", "install", "settings.toml", "sites.toml", "test", MARKER)
# In `run` before `up` or `down` claims it.
_LOCK_FILES: Final = frozenset(("up.lock",))
_MOST_LINKS: Final = 5


class Purged(NamedTuple):
    """kept: the paths that stay, sorted. reasons: sentences about those of them that may surprise."""

    kept: list[str]
    reasons: list[str]


def claim(settings: Settings) -> list[str]:
    """Records the folders that are Footfall's. Returns a sentence about each that is not.

    It is called with the lock of `up` and `down`, before anything else is written. Raises OSError.
    """
    recorded = _recorded(settings)
    owned = {name for name in FOLDERS if name in recorded or _is_free(settings.home / name)}
    marker = settings.home / MARKER
    draft = marker.with_suffix(".part")
    draft.write_text(json.dumps({"folders": sorted(owned)}), "utf-8")
    draft.replace(marker)
    return [f"{_reason(settings.home / name)} `down --purge` will leave it." for name in _foreign(settings, owned)]


def purge(settings: Settings) -> Purged:
    """Deletes all data. It is called with the lock of `up` and `down`, after all processes have ended.

    Raises ClusterError, which says what could not be deleted; all else is deleted by then.
    """
    home, owned = settings.home, _recorded(settings)
    if _is_free(settings.run_dir):
        # `down` itself made it, for the lock.
        owned.add(settings.run_dir.name)
    reasons = [f"{_reason(home / name)} It was left alone." for name in _foreign(settings, owned)]
    folders = [*services.outside(settings), *(home / name for name in FOLDERS if name in owned)]
    if (private := socket_folder(settings)) is not None:
        folders.insert(0, private)
    reasons += [f"{_reason(folder)} It was left alone." for folder in folders if folder.is_symlink()]
    ours = [folder for folder in folders if not folder.is_symlink()]
    links = [f"{link} led to {target}, which was left alone." for link, target in _links(ours, settings)]
    reasons += links[:_MOST_LINKS]
    if len(links) > _MOST_LINKS:
        reasons.append(f"{len(links) - _MOST_LINKS} more links led out of the home; what they led to was left alone.")
    failures = [failure for path in _in_order(ours, settings) if (failure := _delete(path))]
    if failures:
        raise ClusterError("\n".join([*failures, *reasons]))
    if not any(os.path.lexists(home / name) for name in FOLDERS if home / name not in ours):
        (home / MARKER).unlink(missing_ok=True)
    if settings.run_dir in ours:
        # The lock goes last: from then on, an `up` that waits continues.
        shutil.rmtree(settings.run_dir)
    return Purged(sorted(str(path) for path in home.iterdir()), reasons)


def _recorded(settings: Settings) -> set[str]:
    """The names of the folders that earlier calls of `claim` recorded."""
    try:
        return {*FOLDERS} & set(json.loads((settings.home / MARKER).read_text("utf-8"))["folders"])
    except FileNotFoundError:
        return set(FOLDERS) if _is_of_an_older_release(settings) else set()
    except (OSError, ValueError, LookupError, TypeError):
        # A damaged marker allows nothing.
        return set()


def _is_of_an_older_release(settings: Settings) -> bool:
    """Whether a release without the marker used this home, and nobody else did."""
    try:
        stored = json.loads((settings.run_dir / "settings.json").read_text("utf-8"))
        names = {path.name for path in settings.home.iterdir()}
    except (OSError, ValueError):
        return False
    is_same = isinstance(stored, dict) and stored.get("FOOTFALL_HOME") == str(settings.home)
    return is_same and names <= {*FOLDERS, *_OTHERS}


def _is_free(folder: Path) -> bool:
    if folder.is_symlink():
        return False
    if not folder.exists():
        return True
    return folder.is_dir() and {path.name for path in folder.iterdir()} <= (
        _LOCK_FILES if folder.name == "run" else frozenset()
    )


def _foreign(settings: Settings, owned: set[str]) -> list[str]:
    return [name for name in FOLDERS if name not in owned and os.path.lexists(settings.home / name)]


def _reason(path: Path) -> str:
    if path.is_symlink():
        return f"{path} is a link to {path.readlink()}."
    return f"{path} was there before Footfall, which has no record that it made it."


def _links(folders: Collection[Path], settings: Settings) -> Iterator[tuple[str, str]]:
    """The links below these folders that lead to what is not Footfall's, each with what it points to."""
    ours = tuple(f"{os.path.realpath(path)}{os.sep}" for path in (*folders, settings.home, settings.install))
    for folder in folders:
        for root, subfolders, files in os.walk(folder):
            for path in (os.path.join(root, name) for name in (*subfolders, *files)):  # noqa: PTH118 - many files
                if os.path.islink(path) and not (target := os.path.realpath(path)).startswith(ours):  # noqa: PTH114
                    yield path, target


def _in_order(folders: Collection[Path], settings: Settings) -> Iterator[Path]:
    """What to delete: the folders, but of `run` everything except the lock."""
    for folder in folders:
        if folder != settings.run_dir:
            yield folder
        elif folder.exists():
            yield from (path for path in folder.iterdir() if path.name not in _LOCK_FILES)


def _delete(path: Path) -> str:
    """Deletes a file or a folder as far as possible. Returns '' or a sentence about why something of it is left."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        shutil.rmtree(path, ignore_errors=True)
        if os.path.lexists(path):
            return f"{path} could not be deleted completely: {error}."
    return ""

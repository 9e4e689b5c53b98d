"""A Maven repository of locked files alone, on which Maven builds and tests the project's own jars offline.

`locks/maven.txt` names every file that Maven reads for it: plugins, libraries, and the descriptions of both. After a
change of a pom, `python -m footfall.runtime.maven_lock` writes the lock anew.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from footfall.runtime import locked_files, maven
from footfall.runtime.errors import ClusterError
from footfall.settings import REPOSITORY, Settings

LOCK: Final = REPOSITORY / "locks" / "maven.txt"


def offline(settings: Settings, program: Callable[[], str], report: Callable[[str], None]) -> list[str]:
    """Makes the repository complete, and returns the arguments with which Maven reads nothing else.

    program: returns the path of `mvn`; called only if a file is missing from the cache.
    Each file is compared with its hash, each time. Raises ClusterError.
    """
    folder = settings.install / "maven-repository"
    wanted = {folder / file.path: file for file in locked_files.read(LOCK)}
    for path in folder.rglob("*"):
        # Maven leaves notes of its own there. Anything else could be read instead of a checked file.
        if path.is_file() and path not in wanted:
            path.unlink()
    absent = _take(wanted)
    if absent:
        report(f"downloading {len(absent)} files with which Maven builds")
        maven.fetch(program(), list(absent.values()))
        absent = _take(absent)
    if absent:
        raise ClusterError(f"{len(absent)} files could not be stored in {folder}. Is its disk full?")
    return ["--offline", f"-Dmaven.repo.local={folder}"]


def _take(wanted: dict[Path, locked_files.LockedFile]) -> dict[Path, locked_files.LockedFile]:
    cache = maven.cache()
    return {target: file for target, file in wanted.items() if not locked_files.take(file, cache, target)}

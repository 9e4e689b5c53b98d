"""Installs the jars of the engines from the user's Maven cache, verified against committed lock files.

With `engines/ENGINE/jars.lock`, `up` can check the installation without Maven and without a network. After a pom has
changed, `python -m footfall.runtime.jars` rewrites the lock files.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from footfall.runtime import locked_files, maven
from footfall.runtime.errors import ClusterError
from footfall.runtime.locked_files import LockedFile
from footfall.settings import REPOSITORY, Settings

ENGINES_DIR = REPOSITORY / "engines"
# Each Maven process uses one core and the network.
_PARALLEL = 2

# Called with the name of an engine and the number of additional jars in place.
Advance = Callable[[str, int], None]


def engines() -> list[str]:
    """Names of all engines that have jars."""
    return sorted(path.parent.name for path in ENGINES_DIR.glob("*/jars.lock"))


def lock_path(engine: str) -> Path:
    """The lock file of an engine."""
    return ENGINES_DIR / engine / "jars.lock"


def read_lock(engine: str) -> list[LockedFile]:
    """The jars in the lock file of an engine."""
    return locked_files.read(lock_path(engine))


def lib_dir(settings: Settings, engine: str) -> Path:
    """The folder with the jars of an engine."""
    return settings.install / "jars" / engine / "lib"


def missing(settings: Settings, engine: str) -> list[LockedFile]:
    """The jars that are not installed. It is fast: it compares sizes only. Hashes are checked at installation."""
    lib = lib_dir(settings, engine)
    if _read(_stamp(settings, engine)) != locked_files.digest(lock_path(engine)):
        return read_lock(engine)
    return [jar for jar in read_lock(engine) if locked_files.size(lib / jar.name) != jar.size]


def ensure(settings: Settings, names: Iterable[str], program: Callable[[], str], advance: Advance) -> None:
    """Installs all jars of the named engines, two engines at a time.

    program: returns the path of `mvn`; called only if a jar is missing from the cache.
    Raises ClusterError, which names the first engine that cannot be completed.
    """
    with ThreadPoolExecutor(_PARALLEL) as pool:
        jobs = [pool.submit(_ensure_engine, settings, name, program, advance) for name in names]
        for job in jobs:
            job.result()


def _ensure_engine(settings: Settings, engine: str, program: Callable[[], str], advance: Advance) -> None:
    lib = lib_dir(settings, engine)
    lib.mkdir(parents=True, exist_ok=True)
    wanted = read_lock(engine)
    absent = missing(settings, engine)
    advance(engine, len(wanted) - len(absent))
    absent = _take(absent, lib, engine, advance)
    if absent:
        try:
            maven.fetch(program(), absent)
        except ClusterError as error:
            raise ClusterError(f"The jars of {engine} are not complete. {error}") from None
        absent = _take(absent, lib, engine, advance)
    if absent:
        raise ClusterError(f"{len(absent)} jars of {engine} could not be stored in {lib}. Is its disk full?")
    keep = {jar.name for jar in wanted}
    for path in lib.iterdir():
        if path.name not in keep:
            path.unlink()
    _unpack_webapps(lib, engine)
    _stamp(settings, engine).write_text(locked_files.digest(lock_path(engine)))


def _take(jars: list[LockedFile], lib: Path, engine: str, advance: Advance) -> list[LockedFile]:
    """Links the intact jars of the cache into `lib`. Returns the jars that are missing or damaged."""
    cache, rest = maven.cache(), []
    for jar in jars:
        if locked_files.take(jar, cache, lib / jar.name):
            advance(engine, 1)
        else:
            rest.append(jar)
    return rest


def _unpack_webapps(lib: Path, engine: str) -> None:
    """HDFS's daemons need their web applications as files on the class path. Only the tests jar contains them."""
    if engine != "hadoop":
        return
    tests = next(lib.glob("hadoop-hdfs-*-tests.jar"))
    with zipfile.ZipFile(tests) as archive:
        for name in archive.namelist():
            if name.startswith("webapps/"):
                archive.extract(name, lib.parent / "classes")


def _stamp(settings: Settings, engine: str) -> Path:
    return settings.install / "jars" / engine / "verified"


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except OSError:
        return None


def _class_path(program: str, engine: str) -> list[str]:
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "class-path"
        pom = shutil.copy(ENGINES_DIR / engine / "pom.xml", scratch)
        repository = f"-Dmaven.repo.local={maven.cache()}"
        goal = ["dependency:build-classpath", f"-Dmdep.outputFile={output}"]
        subprocess.run([program, "-q", "-B", repository, "-f", str(pom), *goal], check=True)
        return output.read_text("utf-8").strip().split(os.pathsep)


def write_lock(program: str, engine: str) -> int:
    """Writes the lock file of an engine from its pom. Returns the number of jars."""
    paths = [str(Path(text).relative_to(maven.cache())) for text in _class_path(program, engine)]
    locked_files.write(lock_path(engine), maven.cache(), paths)
    return len(paths)


if __name__ == "__main__":
    for found in sorted(path.parent.name for path in ENGINES_DIR.glob("*/pom.xml")):
        print(found, write_lock(shutil.which("mvn") or sys.exit("Maven is missing."), found))

"""Installs the jars of the engines from the user's Maven cache, verified against committed lock files.

`engines/ENGINE/jars.lock` has one line per jar: its path in a Maven repository, its size in bytes, and its SHA-256.
With it `up` can check the installation without Maven and without a network. After a pom has changed,
`python -m footfall.runtime.jars` rewrites the lock files.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from footfall.runtime.errors import ClusterError
from footfall.settings import REPOSITORY, Settings

ENGINES_DIR = REPOSITORY / "engines"
# Each Maven process uses one core and the network.
_PARALLEL = 2
_MAVEN_TIMEOUT_S = 1800

# Called with the name of an engine and the number of additional jars in place.
Advance = Callable[[str, int], None]


class Jar(NamedTuple):
    """One line of a lock file."""

    path: str  # relative to a Maven repository
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The file name of the jar."""
        return self.path.rpartition("/")[2]


def engines() -> list[str]:
    """Names of all engines that have jars."""
    return sorted(path.parent.name for path in ENGINES_DIR.glob("*/jars.lock"))


def lock_path(engine: str) -> Path:
    """The lock file of an engine."""
    return ENGINES_DIR / engine / "jars.lock"


def read_lock(engine: str) -> list[Jar]:
    """The jars in the lock file of an engine."""
    lines = (line.split() for line in lock_path(engine).read_text("utf-8").splitlines() if line.strip())
    return [Jar(path, int(size), sha256) for path, size, sha256 in lines]


def lib_dir(settings: Settings, engine: str) -> Path:
    """The folder with the jars of an engine."""
    return settings.install / "jars" / engine / "lib"


def missing(settings: Settings, engine: str) -> list[Jar]:
    """The jars that are not installed. It is fast: it compares sizes only. Hashes are checked at installation."""
    lib = lib_dir(settings, engine)
    if _read(_stamp(settings, engine)) != _digest(lock_path(engine)):
        return read_lock(engine)
    return [jar for jar in read_lock(engine) if _size(lib / jar.name) != jar.size]


def ensure(settings: Settings, names: Iterable[str], maven: Callable[[], str], advance: Advance) -> None:
    """Installs all jars of the named engines, two engines at a time.

    maven: returns the path of `mvn`; called only if a jar is missing from the cache.
    Raises ClusterError, which names the first engine that cannot be completed.
    """
    with ThreadPoolExecutor(_PARALLEL) as pool:
        jobs = [pool.submit(_ensure_engine, settings, name, maven, advance) for name in names]
        for job in jobs:
            job.result()


def _ensure_engine(settings: Settings, engine: str, maven: Callable[[], str], advance: Advance) -> None:
    lib = lib_dir(settings, engine)
    lib.mkdir(parents=True, exist_ok=True)
    wanted = read_lock(engine)
    absent = missing(settings, engine)
    advance(engine, len(wanted) - len(absent))
    cache = Path.home() / ".m2" / "repository"
    absent = _take(cache, absent, lib, engine, advance)
    if absent:
        cache = _resolve(maven(), engine)
        for jar in absent:
            # Maven would never replace a damaged jar in its cache.
            if (cache / jar.path).exists() and not _intact(cache / jar.path, jar):
                shutil.rmtree((cache / jar.path).parent, ignore_errors=True)
        if any(not (cache / jar.path).exists() for jar in absent):
            cache = _resolve(maven(), engine)
        absent = _take(cache, absent, lib, engine, advance)
    if absent:
        raise ClusterError(
            f"{len(absent)} jars of {engine} do not match engines/{engine}/jars.lock. The first is "
            f"{absent[0].path}. Remove it from the Maven cache and run `./footfall up` again."
        )
    keep = {jar.name for jar in wanted}
    for path in lib.iterdir():
        if path.name not in keep:
            path.unlink()
    _unpack_webapps(lib, engine)
    _stamp(settings, engine).write_text(_digest(lock_path(engine)))


def _take(cache: Path, jars: list[Jar], lib: Path, engine: str, advance: Advance) -> list[Jar]:
    """Links the intact jars of the cache into `lib`. Returns the jars that are missing or damaged."""
    rest = []
    for jar in jars:
        source, target = cache / jar.path, lib / jar.name
        if not _intact(target, jar):
            if not _intact(source, jar):
                rest.append(jar)
                continue
            _link(source, target)
        advance(engine, 1)
    return rest


def _link(source: Path, target: Path) -> None:
    """Makes a hard link, which needs no space and survives a cleared cache; copies across file systems."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".part-") as scratch:
        part = Path(scratch) / target.name
        try:
            os.link(source, part)
        except OSError:
            shutil.copyfile(source, part)
        part.replace(target)


def _resolve(maven: str, engine: str) -> Path:
    """Downloads the jars of an engine with Maven. Returns the folder of the Maven repository."""
    paths = _class_path(maven, engine)
    suffix = read_lock(engine)[0].path if lock_path(engine).exists() else None
    for path in paths:
        if suffix and path.endswith(suffix):
            return Path(path.removesuffix(suffix))
    raise ClusterError(
        f"engines/{engine}/pom.xml and its jars.lock list different jars. Run `python -m footfall.runtime.jars`."
    )


def _class_path(maven: str, engine: str) -> list[str]:
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "class-path"
        pom = shutil.copy(ENGINES_DIR / engine / "pom.xml", scratch)
        command = [maven, "-q", "-B", "-f", str(pom), "dependency:build-classpath", f"-Dmdep.outputFile={output}"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_MAVEN_TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            raise ClusterError(
                f"Maven did not download the jars of {engine} within {_MAVEN_TIMEOUT_S // 60} minutes."
            ) from None
        if done.returncode != 0:
            reason = next((line for line in done.stdout.splitlines() if "[ERROR]" in line), done.stderr[-300:])
            raise ClusterError(f"Maven could not download the jars of {engine}: {reason.removeprefix('[ERROR] ')}")
        return output.read_text("utf-8").strip().split(os.pathsep)


def _unpack_webapps(lib: Path, engine: str) -> None:
    """HDFS's daemons need their web applications as files on the class path. Only the tests jar contains them."""
    if engine != "hadoop":
        return
    tests = next(lib.glob("hadoop-hdfs-*-tests.jar"))
    with zipfile.ZipFile(tests) as archive:
        for name in archive.namelist():
            if name.startswith("webapps/"):
                archive.extract(name, lib.parent / "classes")


def _intact(path: Path, jar: Jar) -> bool:
    return _size(path) == jar.size and _digest(path) == jar.sha256


def _stamp(settings: Settings, engine: str) -> Path:
    return settings.install / "jars" / engine / "verified"


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except OSError:
        return None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write_lock(maven: str, engine: str) -> int:
    """Writes the lock file of an engine from its pom. Returns the number of jars."""
    lines = []
    for text in _class_path(maven, engine):
        path = Path(text)
        # …/repository/GROUP…/ARTIFACT/VERSION/FILE, where GROUP may be several folders.
        relative = text.split("/repository/", 1)[1]
        lines.append(f"{relative} {path.stat().st_size} {_digest(path)}\n")
    lock_path(engine).write_text("".join(sorted(lines)), "utf-8")
    return len(lines)


if __name__ == "__main__":
    for found in sorted(path.parent.name for path in ENGINES_DIR.glob("*/pom.xml")):
        print(found, write_lock(shutil.which("mvn") or sys.exit("Maven is missing."), found))

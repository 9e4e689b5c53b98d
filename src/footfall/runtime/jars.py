"""The engines' jars: taken from the user's Maven cache, checked by size and hash against committed locks.

`engines/ENGINE/jars.lock` has one line a jar: its path in a Maven repository, size in bytes, SHA-256. With it `up` can
tell without Maven, and without a network, that everything is there. After a change of a pom,
`python -m footfall.runtime.jars` writes the locks anew.
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
# Maven is bound by the network and one core each.
_PARALLEL = 2
_MAVEN_TIMEOUT_S = 1800

# Called with an engine's name and how many more of its jars are in place.
Advance = Callable[[str, int], None]


class Jar(NamedTuple):
    """One line of a lock."""

    path: str  # relative to a Maven repository
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """File name."""
        return self.path.rpartition("/")[2]


def engines() -> list[str]:
    """Names of all engines that have jars."""
    return sorted(path.parent.name for path in ENGINES_DIR.glob("*/jars.lock"))


def lock_path(engine: str) -> Path:
    """An engine's lock."""
    return ENGINES_DIR / engine / "jars.lock"


def read_lock(engine: str) -> list[Jar]:
    """The jars of an engine."""
    lines = (line.split() for line in lock_path(engine).read_text("utf-8").splitlines() if line.strip())
    return [Jar(path, int(size), sha256) for path, size, sha256 in lines]


def lib_dir(settings: Settings, engine: str) -> Path:
    """Folder of an engine's jars."""
    return settings.install / "jars" / engine / "lib"


def missing(settings: Settings, engine: str) -> list[Jar]:
    """The jars that are not in place. Cheap: sizes are compared each time, hashes only when a jar is put in place."""
    lib = lib_dir(settings, engine)
    if _read(_stamp(settings, engine)) != _digest(lock_path(engine)):
        return read_lock(engine)
    return [jar for jar in read_lock(engine) if _size(lib / jar.name) != jar.size]


def ensure(settings: Settings, names: Iterable[str], maven: Callable[[], str], advance: Advance) -> None:
    """Puts all jars of the named engines in place; two engines at a time.

    maven: called for the path of `mvn` only if something is missing from the cache.
    Raises ClusterError naming the first engine that cannot be completed.
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
            # A jar that is in the cache but damaged: Maven would never fetch it again by itself.
            if (cache / jar.path).exists() and not _intact(cache / jar.path, jar):
                shutil.rmtree((cache / jar.path).parent, ignore_errors=True)
        if any(not (cache / jar.path).exists() for jar in absent):
            cache = _resolve(maven(), engine)
        absent = _take(cache, absent, lib, engine, advance)
    if absent:
        raise ClusterError(
            f"{len(absent)} jars of {engine} are not what engines/{engine}/jars.lock says, the first is "
            f"{absent[0].path}; remove it from the Maven cache and run `./footfall up` again."
        )
    keep = {jar.name for jar in wanted}
    for path in lib.iterdir():
        if path.name not in keep:
            path.unlink()
    _unpack_webapps(lib, engine)
    _stamp(settings, engine).write_text(_digest(lock_path(engine)))


def _take(cache: Path, jars: list[Jar], lib: Path, engine: str, advance: Advance) -> list[Jar]:
    """Links what the cache holds intact into `lib`; returns the rest."""
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
    """A hard link costs no space and outlives a cleaned cache; across file systems it is a copy."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".part-") as scratch:
        part = Path(scratch) / target.name
        try:
            os.link(source, part)
        except OSError:
            shutil.copyfile(source, part)
        part.replace(target)


def _resolve(maven: str, engine: str) -> Path:
    """Lets Maven fetch an engine's jars; returns the repository it keeps them in."""
    paths = _class_path(maven, engine)
    suffix = read_lock(engine)[0].path if lock_path(engine).exists() else None
    for path in paths:
        if suffix and path.endswith(suffix):
            return Path(path.removesuffix(suffix))
    raise ClusterError(
        f"engines/{engine}/pom.xml and its jars.lock name different jars; run `python -m footfall.runtime.jars`."
    )


def _class_path(maven: str, engine: str) -> list[str]:
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "class-path"
        pom = shutil.copy(ENGINES_DIR / engine / "pom.xml", scratch)
        command = [maven, "-q", "-B", "-f", str(pom), "dependency:build-classpath", f"-Dmdep.outputFile={output}"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_MAVEN_TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            raise ClusterError(f"Maven did not get the jars of {engine} in {_MAVEN_TIMEOUT_S // 60} minutes.") from None
        if done.returncode != 0:
            reason = next((line for line in done.stdout.splitlines() if "[ERROR]" in line), done.stderr[-300:])
            raise ClusterError(f"Maven cannot get the jars of {engine}: {reason.removeprefix('[ERROR] ')}")
        return output.read_text("utf-8").strip().split(os.pathsep)


def _unpack_webapps(lib: Path, engine: str) -> None:
    """HDFS's daemons want their web applications as files on the class path; only its tests jar carries them."""
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
    """Writes an engine's lock from its pom; returns how many jars it names. For those who change a pom."""
    lines = []
    for text in _class_path(maven, engine):
        path = Path(text)
        # …/repository/GROUP…/ARTIFACT/VERSION/FILE: the group's depth differs, the repository's name does not.
        relative = text.split("/repository/", 1)[1]
        lines.append(f"{relative} {path.stat().st_size} {_digest(path)}\n")
    lock_path(engine).write_text("".join(sorted(lines)), "utf-8")
    return len(lines)


if __name__ == "__main__":
    for found in sorted(path.parent.name for path in ENGINES_DIR.glob("*/pom.xml")):
        print(found, write_lock(shutil.which("mvn") or sys.exit("Maven is missing."), found))

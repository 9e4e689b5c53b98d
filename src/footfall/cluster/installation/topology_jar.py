"""Builds the jar of the Storm topology when its sources have changed. It is the only Java code of this project."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from footfall.runtime.errors import ClusterError
from footfall.runtime.jars import ENGINES_DIR
from footfall.runtime.java import java_home
from footfall.settings import Settings

_BUILD_TIMEOUT_S: Final = 900


def path(settings: Settings) -> Path:
    """The path of the jar, whether or not it exists."""
    return _folder(settings) / "footfall-topology.jar"


def fingerprint_files(settings: Settings) -> tuple[Path, ...]:
    """A file that changes whenever the jar changes."""
    return (_folder(settings) / "sources.sha256",)


def problem(settings: Settings) -> str:
    """'' if the jar was built from the current sources, else a sentence with the remedy."""
    [stamp] = fingerprint_files(settings)
    if path(settings).exists() and stamp.exists() and stamp.read_text() == _sources_hash():
        return ""
    return "The Storm topology is not built from its current sources. `./footfall up` builds it."


def install(settings: Settings, maven: Callable[[], str], report: Callable[[str], None]) -> None:
    """Builds the jar if its sources have changed. Raises ClusterError with Maven's first error."""
    if not problem(settings):
        return
    report("building the Storm topology")
    folder, program = _folder(settings), maven()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".build-") as scratch:
        copy = Path(scratch) / "topology"
        shutil.copytree(ENGINES_DIR / "storm" / "topology", copy, ignore=shutil.ignore_patterns("target"))
        command = [program, "-q", "-B", "-f", str(copy / "pom.xml"), "-DskipTests", "-Dmaven.test.skip=true", "package"]
        environment = os.environ | {"JAVA_HOME": str(java_home(settings))}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_BUILD_TIMEOUT_S, check=False
        )
        if done.returncode != 0:
            reason = next((line for line in done.stdout.splitlines() if "[ERROR]" in line), done.stderr[-300:])
            raise ClusterError(f"The topology could not be built: {reason.removeprefix('[ERROR] ')}")
        (copy / "target" / "footfall-topology.jar").replace(path(settings))
    (folder / "sources.sha256").write_text(_sources_hash())


def _folder(settings: Settings) -> Path:
    return settings.install / "topology"


def _sources_hash() -> str:
    root = ENGINES_DIR / "storm" / "topology"
    digest = hashlib.sha256()
    for file in [root / "pom.xml", *sorted((root / "src" / "main").rglob("*"))]:
        if file.is_file():
            digest.update(f"{file.relative_to(root)}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()

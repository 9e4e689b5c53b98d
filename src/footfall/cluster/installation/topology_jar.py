"""The topology's jar, the only Java that is built here: from its sources, whenever these changed."""

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
    """Where the jar is, or would be."""
    return _folder(settings) / "footfall-topology.jar"


def made_of(settings: Settings) -> tuple[Path, ...]:
    """The file that changes with the jar."""
    return (_folder(settings) / "sources.sha256",)


def lack(settings: Settings) -> str:
    """'' if the jar is there and made of the present sources, else a sentence with the remedy."""
    [stamp] = made_of(settings)
    if path(settings).exists() and stamp.exists() and stamp.read_text() == _sources_hash():
        return ""
    return "The Storm topology is not built from the present sources; `./footfall up` builds it."


def install(settings: Settings, maven: Callable[[], str], say: Callable[[str], None]) -> None:
    """Builds the jar if it is not of the present sources. Raises ClusterError with Maven's first complaint."""
    if not lack(settings):
        return
    say("building the Storm topology")
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

"""Builds the project's own jars with Maven when their sources have changed. They hold all its Java code.

Maven runs offline and reads locked files only (`maven_repository`).
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from footfall.runtime import maven_repository
from footfall.runtime.errors import ClusterError
from footfall.runtime.jars import ENGINES_DIR
from footfall.runtime.java import java_home
from footfall.settings import Settings

_BUILD_TIMEOUT_S: Final = 900
TESTS_OFF: Final = ("-DskipTests", "-Dmaven.test.skip=true")


@dataclass(frozen=True, slots=True)
class BuiltJar:
    """A Maven project of ours, which makes `target/footfall-NAME.jar`.

    title: as in a sentence, beginning with `the`. sources: the project's folder, relative to `engines/`.
    """

    name: str
    title: str
    sources: str

    @property
    def source_folder(self) -> Path:
        """The folder of the project's pom."""
        return ENGINES_DIR / self.sources

    def path(self, settings: Settings) -> Path:
        """The path of the jar, whether or not it exists."""
        return self._folder(settings) / f"footfall-{self.name}.jar"

    def fingerprint_files(self, settings: Settings) -> tuple[Path, ...]:
        """A file that changes whenever the jar changes."""
        return (self._stamp(settings),)

    def problem(self, settings: Settings) -> str:
        """'' if the jar was built from the current sources, else a sentence with the remedy."""
        stamp = self._stamp(settings)
        if self.path(settings).exists() and stamp.exists() and stamp.read_text() == self._sources_hash():
            return ""
        return f"{self.title.capitalize()} is not built from its current sources. `./footfall up` builds it."

    def install(self, settings: Settings, maven: Callable[[], str], report: Callable[[str], None]) -> None:
        """Builds the jar if its sources have changed. Raises ClusterError with Maven's first error."""
        if not self.problem(settings):
            return
        report(f"building {self.title}")
        folder, program = self._folder(settings), maven()
        offline = maven_repository.offline(settings, maven, report)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".build-") as scratch:
            copy = Path(scratch) / self.name
            shutil.copytree(self.source_folder, copy, ignore=shutil.ignore_patterns("target"))
            command = [program, "-q", "-B", *offline, "-f", str(copy / "pom.xml"), *TESTS_OFF, "package"]
            environment = os.environ | {"JAVA_HOME": str(java_home(settings))}
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=_BUILD_TIMEOUT_S, check=False
            )
            if done.returncode != 0:
                reason = next((line for line in done.stdout.splitlines() if "[ERROR]" in line), done.stderr[-300:])
                raise ClusterError(f"Maven could not build {self.title}: {reason.removeprefix('[ERROR] ')}")
            (copy / "target" / self.path(settings).name).replace(self.path(settings))
        self._stamp(settings).write_text(self._sources_hash())

    def _folder(self, settings: Settings) -> Path:
        return settings.install / self.name

    def _stamp(self, settings: Settings) -> Path:
        return self._folder(settings) / "sources.sha256"

    def _sources_hash(self) -> str:
        root = self.source_folder
        digest = hashlib.sha256()
        for file in [root / "pom.xml", *sorted((root / "src" / "main").rglob("*"))]:
            if file.is_file():
                digest.update(f"{file.relative_to(root)}\0".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()


TOPOLOGY: Final = BuiltJar("topology", "the Storm topology", "storm/topology")
LOOPBACK_AGENT: Final = BuiltJar("loopback-agent", "the loopback agent", "hadoop/loopback-agent")
HOST_FILTER: Final = BuiltJar("host-filter", "the filter of web requests", "hadoop/host-filter")
SQOOP_ROW: Final = BuiltJar("sqoop-row", "the class of Sqoop's rows", "sqoop/row")
PIG_FUNCTIONS: Final = BuiltJar("pig-functions", "the jar of Pig's functions", "pig/functions")
HIVE_AUTHENTICATOR: Final = BuiltJar(
    "hive-authenticator", "the guard of Hive's logins and statements", "hive/authenticator"
)
ALL: Final = (TOPOLOGY, LOOPBACK_AGENT, HOST_FILTER, SQOOP_ROW, PIG_FUNCTIONS, HIVE_AUTHENTICATOR)

"""Maven as a mere downloader: it fetches named files into its cache and runs none of them.

Maven runs plugins, which it downloads itself, and it compares none of them with a lock. So Footfall never lets it run a
plugin that was not checked before. This module asks for a goal of a plugin in a project whose dependencies are the
wanted files. Before Maven runs a plugin, it downloads the dependencies of the project. One dependency is a file of this
machine that does not exist, so Maven always ends there, and the plugin never runs. What was downloaded is then compared
with the lock, and `maven_repository` makes a folder of checked files, on which Maven works offline.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from footfall.runtime.errors import ClusterError
from footfall.runtime.locked_files import LockedFile, is_intact

_TIMEOUT_S: Final = 1800
# Any goal that needs its project's dependencies serves.
_GOAL: Final = "org.apache.maven.plugins:maven-compiler-plugin:3.13.0:compile"
_REASON: Final = re.compile(r"(Could not (?:transfer|find) artifact .*?)(?: -> \[Help|$)")
_PROJECT: Final = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>footfall</groupId><artifactId>download</artifactId><version>1</version>
  <dependencies>
{wanted}
    <dependency>
      <groupId>footfall</groupId><artifactId>never-there</artifactId><version>1</version>
      <scope>system</scope><systemPath>{missing}</systemPath>
    </dependency>
  </dependencies>
</project>
"""
_DEPENDENCY: Final = (
    "    <dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
    "<type>{extension}</type>{classifier}"
    "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>"
)


def cache() -> Path:
    """The repository of the user, into which Maven downloads."""
    return Path.home() / ".m2" / "repository"


def fetch(program: str, files: Sequence[LockedFile]) -> None:
    """Downloads files that are missing in the cache or damaged there. program: the path of `mvn`.

    Raises ClusterError if a file still does not match its lock.
    """
    folder, words = cache(), ""
    for file in files:
        if (folder / file.path).exists() and not is_intact(folder / file.path, file):
            # Maven would never replace it.
            shutil.rmtree((folder / file.path).parent, ignore_errors=True)
    for some in _without_rivals(file for file in files if not (folder / file.path).exists()):
        words += _run(program, folder, some)
    wrong = [file for file in files if not is_intact(folder / file.path, file)]
    if not wrong:
        return
    if (folder / wrong[0].path).exists():
        raise ClusterError(
            f"{wrong[0].path}, which Maven downloaded, is not the locked file{_and_more(wrong)}. Check where Maven "
            f"downloads from (~/.m2/settings.xml), remove the file from {folder}, and repeat."
        )
    reasons = [found[1] for line in words.splitlines() if "[ERROR]" in line and (found := _REASON.search(line))]
    reason = reasons[0] if reasons else words[-300:].strip()
    raise ClusterError(f"Maven could not download {wrong[0].path}{_and_more(wrong)}: {reason}")


def _and_more(wrong: Sequence[LockedFile]) -> str:
    return f" (nor {len(wrong) - 1} more)" if len(wrong) > 1 else ""


def coordinates(path: str) -> tuple[str, str, str, str, str]:
    """The group, artifact, version, extension and classifier ('' for none) of a file's path in a repository."""
    *group, artifact, version, name = path.split("/")
    rest, _, extension = name.removeprefix(f"{artifact}-{version}").rpartition(".")
    return ".".join(group), artifact, version, extension, rest.removeprefix("-")


def _without_rivals(files: Iterable[LockedFile]) -> Iterator[list[LockedFile]]:
    """Splits files into lists: of two versions of a dependency, Maven would take one only."""
    rest = list(files)
    while rest:
        chosen: dict[tuple[str, ...], LockedFile] = {}
        left = []
        for file in rest:
            group, artifact, _, extension, classifier = coordinates(file.path)
            if chosen.setdefault((group, artifact, extension, classifier), file) is not file:
                left.append(file)
        yield list(chosen.values())
        rest = left


def _run(program: str, folder: Path, files: Iterable[LockedFile]) -> str:
    """Runs Maven until it ends where it must. Returns what it said."""
    with tempfile.TemporaryDirectory() as scratch:
        pom = Path(scratch) / "pom.xml"
        wanted = "\n".join(_dependency(file) for file in files)
        pom.write_text(_PROJECT.format(wanted=wanted, missing=escape(f"{scratch}/never-there.jar")), "utf-8")
        command = [program, "-q", "-B", "-U", "-f", str(pom), f"-Dmaven.repo.local={folder}", _GOAL]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            raise ClusterError(f"Maven did not end its download within {_TIMEOUT_S // 60} minutes.") from None
    return done.stdout + done.stderr


def _dependency(file: LockedFile) -> str:
    group, artifact, version, extension, classifier = coordinates(file.path)
    more = f"<classifier>{classifier}</classifier>" if classifier else ""
    return _DEPENDENCY.format(group=group, artifact=artifact, version=version, extension=extension, classifier=more)

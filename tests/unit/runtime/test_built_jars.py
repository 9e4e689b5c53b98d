"""The project's own jars: built when their sources change, and only then."""

from pathlib import Path

import pytest

from footfall.runtime import built_jars, maven_repository
from footfall.runtime.errors import ClusterError
from footfall.settings import REPOSITORY, Settings

# Copies the sources that it compiles, or fails with Maven's form of an error.
_MAVEN = """#!/bin/sh
case "$*" in *" --offline -Dmaven.repo.local="*) ;; *) echo '[ERROR] it would read what is in no lock'; exit 1 ;; esac
while [ "$1" != "-f" ]; do shift; done
folder=$(dirname "$2")
if grep -q broken "$folder/src/main/A.java"; then echo '[ERROR] A.java:1 is broken'; exit 1; fi
mkdir -p "$folder/target" && cp "$folder/src/main/A.java" "$folder/target/footfall-made-up.jar"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> built_jars.BuiltJar:
    """A small project of Java sources."""
    monkeypatch.setattr(built_jars, "ENGINES_DIR", tmp_path)
    monkeypatch.setattr(maven_repository, "LOCK", tmp_path / "maven.txt")
    (tmp_path / "maven.txt").touch()
    (tmp_path / "made-up" / "src" / "main").mkdir(parents=True)
    (tmp_path / "made-up" / "pom.xml").write_text("<project/>")
    (tmp_path / "made-up" / "src" / "main" / "A.java").write_text("class A {}")
    return built_jars.BuiltJar("made-up", "the made-up jar", "made-up")


@pytest.fixture
def maven(tmp_path: Path) -> str:
    """A program that does what Maven would."""
    program = tmp_path / "mvn"
    program.write_text(_MAVEN)
    program.chmod(0o755)
    return str(program)


def _no_maven() -> str:
    raise AssertionError("nothing had changed")


def test_a_jar_is_built_once_for_the_same_sources(
    project: built_jars.BuiltJar, maven: str, settings: Settings, java: Path
) -> None:
    assert project.problem(settings) == (
        "The made-up jar is not built from its current sources. `./footfall up` builds it."
    )
    said: list[str] = []
    project.install(settings, lambda: maven, said.append)
    assert said == ["building the made-up jar"]
    assert project.path(settings).read_text() == "class A {}"
    assert project.problem(settings) == ""
    project.install(settings, _no_maven, said.append)


def test_changed_sources_are_built_again(
    project: built_jars.BuiltJar, maven: str, settings: Settings, java: Path
) -> None:
    project.install(settings, lambda: maven, lambda _: None)
    stamp = project.fingerprint_files(settings)[0].read_text()
    (project.source_folder / "src" / "main" / "A.java").write_text("class A { int a; }")
    assert project.problem(settings) != ""
    project.install(settings, lambda: maven, lambda _: None)
    assert project.path(settings).read_text() == "class A { int a; }"
    assert project.fingerprint_files(settings)[0].read_text() != stamp


def test_an_error_of_the_compiler_keeps_the_old_jar(
    project: built_jars.BuiltJar, maven: str, settings: Settings, java: Path
) -> None:
    project.install(settings, lambda: maven, lambda _: None)
    (project.source_folder / "src" / "main" / "A.java").write_text("broken")
    with pytest.raises(ClusterError, match=r"Maven could not build the made-up jar: A.java:1 is broken"):
        project.install(settings, lambda: maven, lambda _: None)
    assert project.path(settings).read_text() == "class A {}"
    assert project.problem(settings) != ""


def test_every_project_of_java_sources_is_in_the_list() -> None:
    poms = {path.parent for path in (REPOSITORY / "engines").glob("*/*/pom.xml")}
    assert poms == {jar.source_folder for jar in built_jars.ALL}

"""Maven downloads and runs nothing, what it downloaded is checked, and then it builds from checked files alone."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from footfall.runtime import maven, maven_repository
from footfall.runtime.errors import ClusterError
from footfall.runtime.locked_files import LockedFile
from footfall.settings import Settings
from tests.support.installed import installation

_PATH = "org/one/1/one-1.jar"
_FILE = LockedFile(_PATH, 5, hashlib.sha256(b"first").hexdigest())


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's empty repository."""
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    return maven.cache()


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock with one file."""
    lock = tmp_path / "maven.txt"
    lock.write_text(" ".join(map(str, _FILE)) + "\n")
    monkeypatch.setattr(maven_repository, "LOCK", lock)


def _mvn(tmp_path: Path, script: str) -> str:
    program = tmp_path / "mvn"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


def _serving(tmp_path: Path, content: str) -> str:
    """A Maven that puts these bytes into its repository."""
    return _mvn(
        tmp_path,
        f'for one; do case $one in -Dmaven.repo.local=*) cd /; mkdir -p "${{one#*=}}/org/one/1"; '
        f'printf %s {content} > "${{one#*=}}/{_PATH}" ;; esac; done; exit 1',
    )


def _no_maven() -> NoReturn:
    raise AssertionError("nothing was missing")


def test_a_download_is_kept_if_it_is_what_was_locked(tmp_path: Path, cache: Path) -> None:
    maven.fetch(_serving(tmp_path, "first"), [_FILE])
    assert (cache / _PATH).read_bytes() == b"first"


def test_a_forged_download_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"^org/one/1/one-1.jar, which Maven downloaded, is not the locked file\. "):
        maven.fetch(_serving(tmp_path, "f0rst"), [_FILE])


def test_a_damaged_file_of_the_cache_is_fetched_again(tmp_path: Path, cache: Path) -> None:
    (cache / _PATH).parent.mkdir(parents=True)
    (cache / _PATH).write_bytes(b"torn")
    maven.fetch(_serving(tmp_path, "first"), [_FILE])
    assert (cache / _PATH).read_bytes() == b"first"


def test_a_failure_is_a_sentence_with_mavens_reason(tmp_path: Path) -> None:
    said = (
        "[ERROR] Failed to execute goal on project download: The following artifacts could not be resolved: a, b: "
        "Could not find artifact org.one:one:jar:1 in central (https://repo) -> [Help 1]"
    )
    with pytest.raises(ClusterError) as refused:
        maven.fetch(_mvn(tmp_path, f'echo "{said}"; exit 1'), [_FILE])
    assert str(refused.value) == (
        "Maven could not download org/one/1/one-1.jar: Could not find artifact org.one:one:jar:1 in central (https://repo)"
    )


def test_two_versions_of_a_dependency_are_asked_for_one_after_the_other(tmp_path: Path) -> None:
    files = [LockedFile(f"org/one/{version}/one-{version}.jar", 1, "0") for version in (1, 2)]
    with pytest.raises(ClusterError):
        maven.fetch(_mvn(tmp_path, f"echo once >> {tmp_path}/calls; exit 1"), files)
    assert (tmp_path / "calls").read_text() == "once\nonce\n"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("org/a/b/1.2/b-1.2.jar", ("org.a", "b", "1.2", "jar", "")),
        ("org/a/b/1.2/b-1.2-tests.jar", ("org.a", "b", "1.2", "jar", "tests")),
        ("asm/asm/3.3.1/asm-3.3.1.pom", ("asm", "asm", "3.3.1", "pom", "")),
        ("io/n/t/4.1.Final/t-4.1.Final-linux-x86_64.jar", ("io.n", "t", "4.1.Final", "jar", "linux-x86_64")),
    ],
)
def test_coordinates_of_a_path(path: str, expected: tuple[str, ...]) -> None:
    assert maven.coordinates(path) == expected


@pytest.mark.usefixtures("lock")
def test_maven_builds_from_checked_files_alone(settings: Settings, cache: Path) -> None:
    (cache / _PATH).parent.mkdir(parents=True)
    (cache / _PATH).write_bytes(b"first")
    folder = settings.install / "maven-repository"
    strange = folder / "org" / "evil" / "1" / "evil-1.jar"
    strange.parent.mkdir(parents=True)
    strange.touch()
    assert maven_repository.offline(settings, _no_maven, print) == ["--offline", f"-Dmaven.repo.local={folder}"]
    assert [path for path in folder.rglob("*") if path.is_file()] == [folder / _PATH]
    # What was changed since then is not used either.
    (folder / _PATH).unlink()
    (folder / _PATH).write_bytes(b"f0rst")
    maven_repository.offline(settings, _no_maven, print)
    assert (folder / _PATH).read_bytes() == b"first"


@pytest.mark.usefixtures("lock")
def test_without_a_file_of_the_lock_nothing_is_built(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="is not the locked file"):
        maven_repository.offline(settings, lambda: _serving(tmp_path, "f0rst"), print)
    assert not (settings.install / "maven-repository" / _PATH).exists()


def test_maven_downloads_and_runs_nothing(tmp_path: Path, cache: Path) -> None:
    program = shutil.which("mvn")
    if program is None:
        pytest.skip("`./footfall test` installs Maven")
    checked = installation() / "maven-repository"
    for path in checked.rglob("*"):
        if path.is_file():
            (cache / path.relative_to(checked)).parent.mkdir(parents=True, exist_ok=True)
            os.link(path, cache / path.relative_to(checked))
    # The plugin and all that it needs is there, so nothing but the missing file keeps Maven from running it.
    said = maven._run(program, cache, [])
    assert "Could not find artifact footfall:never-there:jar:1 at specified path" in said

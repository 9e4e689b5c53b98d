"""Airflow's environment: made when its lock changes, complete or marked as incomplete."""

from pathlib import Path

import pytest

from footfall.cluster.installation import airflow_environment
from footfall.runtime import python_packages
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The environments that were made."""
    made: list[Path] = []

    def make(settings: Settings, lock: Path, environment: Path) -> None:
        assert lock == airflow_environment.LOCK
        environment.mkdir(parents=True, exist_ok=True)
        made.append(environment)

    monkeypatch.setattr(python_packages, "make_environment", make)
    return made


def _install(settings: Settings) -> None:
    airflow_environment.install(settings, lambda: "no Maven", lambda _: None)


def test_it_is_made_once_for_each_lock(
    settings: Settings, asked: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "`./footfall up` installs it" in airflow_environment.problem(settings)
    _install(settings)
    _install(settings)
    assert asked == [settings.install / "airflow-venv"]
    assert airflow_environment.problem(settings) == ""
    newer = tmp_path / "airflow.txt"
    newer.write_text("apache-airflow==9\n")
    monkeypatch.setattr(airflow_environment, "LOCK", newer)
    assert airflow_environment.problem(settings)
    _install(settings)
    assert len(asked) == 2
    assert airflow_environment.problem(settings) == ""


def test_a_failed_change_leaves_it_marked_as_incomplete(
    settings: Settings, asked: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(settings)
    [stamp] = airflow_environment.fingerprint_files(settings)
    stamp.write_text("an older lock")

    def fail(*_: object) -> None:
        raise ClusterError("No network.")

    monkeypatch.setattr(python_packages, "make_environment", fail)
    with pytest.raises(ClusterError, match="No network"):
        _install(settings)
    assert not stamp.exists()


def test_the_lock_pins_every_package_with_hashes() -> None:
    lines = airflow_environment.LOCK.read_text("utf-8").splitlines()
    packages = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert len(packages) > 100
    assert all("==" in line and line.endswith("\\") for line in packages)
    assert any(line.startswith("apache-airflow-core==3.3.2 ") for line in packages)

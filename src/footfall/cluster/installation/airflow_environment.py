"""Installs Airflow into a Python environment of its own. Its packages would conflict with ours."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from footfall.runtime import python_packages
from footfall.settings import REPOSITORY, Settings

LOCK: Final = REPOSITORY / "locks" / "airflow.txt"


def folder(settings: Settings) -> Path:
    """The folder of the environment, whether or not it exists."""
    return settings.install / "airflow-venv"


def program(settings: Settings, name: str) -> Path:
    """A program of the environment, such as `airflow` or `python`."""
    return folder(settings) / "bin" / name


def fingerprint_files(settings: Settings) -> tuple[Path, ...]:
    """A copy of the lock that is installed. It is written last, so it marks the environment as complete."""
    return (folder(settings) / "lock.txt",)


def problem(settings: Settings) -> str:
    """'' if the locked packages are installed, else a sentence with the remedy."""
    [stamp] = fingerprint_files(settings)
    if stamp.exists() and stamp.read_bytes() == LOCK.read_bytes():
        return ""
    return "Airflow is not installed in its current version. `./footfall up` installs it."


def install(settings: Settings, _: Callable[[], str], report: Callable[[str], None]) -> None:
    """Installs Airflow if its lock has changed. Raises ClusterError."""
    if not problem(settings):
        return
    report("installing Airflow (300 MB)")
    [stamp] = fingerprint_files(settings)
    stamp.unlink(missing_ok=True)
    python_packages.make_environment(settings, LOCK, folder(settings))
    stamp.write_bytes(LOCK.read_bytes())

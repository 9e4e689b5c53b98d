"""Installs a wheel into a separate folder, without root. Some wheels contain programs, such as Java or npm.

The environment that the launcher creates has no pip. In that case the launcher's uv installs the wheel.
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


def install(settings: Settings, requirement: str, target: Path) -> None:
    """Installs a pinned wheel into the folder `target` with pip or uv. Raises ClusterError with the reason."""
    installer = _installer(settings)
    command = [*installer, "--quiet", "--target", str(target), requirement]
    # uv's built-in certificates do not include those of a company proxy.
    environment = os.environ | {"UV_SYSTEM_CERTS": "1"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise ClusterError(f"{requirement} could not be downloaded within {_TIMEOUT_S} s.") from None
    except OSError as error:
        raise ClusterError(f"{installer[0]} could not be started: {error.strerror}.") from None
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        reason = next((line for line in lines if "error" in line.lower()), lines[0] if lines else "no reason given")
        raise ClusterError(f"{requirement} could not be downloaded: {reason[:200].rstrip('.')}.")


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

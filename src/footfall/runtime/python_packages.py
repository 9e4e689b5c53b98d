"""Installs a wheel into a folder of its own: the registry carries a Java runtime and npm, too, and needs no root.

The environment that the launcher makes has no pip; the launcher's own uv is then what installs.
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
    """Unpacks a pinned wheel into the folder `target`, with pip or uv. Raises ClusterError with the reason."""
    installer = _installer(settings)
    command = [*installer, "--quiet", "--target", str(target), requirement]
    # uv brings its own certificates, which know no company's proxy.
    environment = os.environ | {"UV_SYSTEM_CERTS": "1"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise ClusterError(f"{requirement} could not be fetched within {_TIMEOUT_S} s.") from None
    except OSError as error:
        raise ClusterError(f"{installer[0]} could not be started: {error.strerror}.") from None
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        reason = next((line for line in lines if "error" in line.lower()), lines[0] if lines else "no reason given")
        raise ClusterError(f"{requirement} could not be fetched: {reason[:200].rstrip('.')}.")


def uv(settings: Settings) -> str | None:
    """The path of uv, or None: the launcher's own, which makes one where the system has none, else the user's."""
    own = settings.install / "uv" / "bin" / "uv"
    if os.access(own, os.X_OK):
        return str(own)
    return shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))


def _installer(settings: Settings) -> list[str]:
    if find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "install"]
    found = uv(settings)
    if found is None:
        raise ClusterError("There is neither pip nor uv to fetch Python packages with.")
    return [found, "pip", "install", "--python", sys.executable]

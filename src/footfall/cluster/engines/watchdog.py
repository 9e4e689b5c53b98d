"""The watchdog, which monitors all other services."""

import json
import time
from typing import Final

import psutil

from footfall.cluster.service import PythonModule, Service
from footfall.runtime.errors import Unhealthy
from footfall.settings import Settings

_MAX_AGE_S: Final = 60


def _probe(settings: Settings) -> None:
    """Looks for a report of the last minute, by a process that still runs."""
    try:
        report = json.loads((settings.run_dir / "health.json").read_text("utf-8"))["watchdog"]
        is_fresh = time.time() - report["at"] <= _MAX_AGE_S and psutil.pid_exists(report["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        is_fresh = False
    if not is_fresh:
        raise Unhealthy("it has not reported for a minute")


SERVICES = (
    Service(
        name="watchdog",
        engine="footfall",
        profiles=("realtime", "batch"),
        command=PythonModule("footfall.cluster.supervision.watchdog"),
        probe=_probe,
        # Stopped first, because it would restart services that are being stopped.
        stop_rank=1,
    ),
)

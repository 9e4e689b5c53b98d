"""The watchdog, which monitors all other services."""

import time

from footfall.cluster.service import PythonModule, Service
from footfall.runtime.errors import Unhealthy
from footfall.settings import Settings


def _probe(settings: Settings) -> None:
    try:
        reported_s = (settings.run_dir / "health.json").stat().st_mtime
    except OSError:
        reported_s = 0.0
    if time.time() - reported_s > 60:
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

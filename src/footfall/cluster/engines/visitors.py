"""The simulated visitors: one process per site."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from footfall.cluster.service import PythonModule, Service, Sweep
from footfall.runtime.errors import Unhealthy
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES

_STALE_S: Final = 120.0


def _probe(app: str) -> Callable[[Settings], None]:
    def probe(settings: Settings) -> None:
        if settings.visitors_per_site == 0 or (settings.run_dir / "disk-low").exists():
            return
        newest = max((_written_s(path) for path in (settings.ledger_dir / app).glob("*.jsonl")), default=0.0)
        if time.time() - newest > _STALE_S:
            raise Unhealthy("no visitor has done anything for two minutes")

    return probe


def _written_s(path: Path) -> float:
    """The modification time in seconds since 1970; 0 if the sweep has just deleted the file."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _sweep_ledgers(settings: Settings) -> object:
    from footfall.sites.visitors.ledger_retention import compact

    return compact(settings, int(time.time() * 1000))


SERVICES = tuple(
    Service(
        name=f"visitors-{app}",
        engine="visitors",
        profiles=("realtime",),
        needs=(f"site-{app}",),
        command=PythonModule("footfall.sites.visitors.run", (app,)),
        probe=_probe(app),
        # This one sweep covers the ledgers of all sites.
        sweeps=(Sweep("ledgers", 3600, _sweep_ledgers),),
        stop_s=30,
        stop_rank=2,
    )
    for app in DEMO_SITES
)

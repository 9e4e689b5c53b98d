"""The simulated visitors: one process per site."""

import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from footfall import retention
from footfall.cluster.engines.sites import demo_is_off
from footfall.cluster.service import PythonModule, Service, Sweep
from footfall.runtime import disk_mark
from footfall.runtime.errors import Unhealthy
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES

_STALE_S: Final = 120.0


def _probe(app: str) -> Callable[[Settings], None]:
    def probe(settings: Settings) -> None:
        if settings.visitors_per_site == 0 or disk_mark.is_low(settings):
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
    """Reduces the oldest hours, at most those of one day, so that a wrong clock does not reduce them all."""
    from footfall.sites.visitors.ledger import DAY_MS
    from footfall.sites.visitors.ledger_retention import compact

    kept_ms = settings.retention.ledger_days * DAY_MS
    hours = (_begun_ms(path) for path in settings.ledger_dir.glob("*/????????T??.jsonl"))
    first_ms = retention.first_kept_ms(int(time.time() * 1000) - kept_ms, min(hours, default=None))
    return compact(settings, first_ms + kept_ms)


def _begun_ms(path: Path) -> int:
    """The begin of the hour of a ledger's file, ms since 1970."""
    return int(datetime.strptime(path.stem, "%Y%m%dT%H").replace(tzinfo=timezone.utc).timestamp()) * 1000


SERVICES = tuple(
    Service(
        name=f"visitors-{app}",
        engine="visitors",
        profiles=("realtime",),
        needs=(f"site-{app}",),
        command=PythonModule("footfall.sites.visitors.run", (app,)),
        probe=_probe(app),
        switched_off=demo_is_off,
        # This one sweep covers the ledgers of all sites.
        sweeps=(Sweep("ledgers", retention.EVERY_S, _sweep_ledgers),),
        stop_s=30,
        stop_rank=2,
    )
    for app in DEMO_SITES
)

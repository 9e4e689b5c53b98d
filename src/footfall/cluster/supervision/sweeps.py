"""What the watchdog clears away in time: each station offers its own sweep, this is the list."""

import logging
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone

from footfall.settings import Settings

log = logging.getLogger("sweeps")

_LEFTOVERS_DAYS = 7


@dataclass(frozen=True)
class Sweep:
    """Work that clears away what is past its retention."""

    name: str
    every_s: float
    work: Callable[[Settings], object]


def _live_tables(settings: Settings) -> object:
    from footfall.realtime.sweeper import sweep

    return sweep(settings)


def _ledgers(settings: Settings) -> object:
    from footfall.sites.visitors.ledger import compact

    return compact(settings, int(time.time() * 1000))


def _site_logs(settings: Settings) -> object:
    from footfall.logs.retention import sweep_site_logs

    return sweep_site_logs(settings)


def _open_logs(settings: Settings) -> object:
    from footfall.cluster.leases import sweep

    return sweep(settings)


def _hdfs_logs(settings: Settings) -> object:
    from footfall.logs.retention import sweep_hdfs_logs

    return sweep_hdfs_logs(settings, datetime.now(timezone.utc).date())


def _hdfs_events(settings: Settings) -> object:
    from footfall.lake.retention import sweep_hdfs_events

    return sweep_hdfs_events(settings, datetime.now(timezone.utc).date())


def _storm_logs(settings: Settings) -> None:
    """Deletes the logs of topologies that are gone: each deployment has a folder of its own."""
    before = time.time() - _LEFTOVERS_DAYS * 86_400
    for folder in (settings.logs_dir / "storm" / "workers-artifacts").glob("*/"):
        written = [path.stat().st_mtime for path in folder.rglob("*") if path.is_file()]
        if max(written, default=folder.stat().st_mtime) < before:
            shutil.rmtree(folder, ignore_errors=True)


SWEEPS = (
    Sweep("live tables", 6 * 3600, _live_tables),
    Sweep("ledgers", 3600, _ledgers),
    Sweep("site logs", 600, _site_logs),
    Sweep("logs left open", 600, _open_logs),
    Sweep("logs in HDFS", 3600, _hdfs_logs),
    Sweep("events in HDFS", 3600, _hdfs_events),
    Sweep("storm logs", 3600, _storm_logs),
)


class Sweeper:
    """Runs each sweep when it is due, one at a time, in a thread of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._due = {sweep.name: time.monotonic() + sweep.every_s for sweep in SWEEPS}
        self._at_work: threading.Thread | None = None

    def run_due(self) -> None:
        """Starts the first sweep that is due, unless one is at work."""
        if self._at_work is not None and self._at_work.is_alive():
            return
        for sweep in SWEEPS:
            if time.monotonic() >= self._due[sweep.name]:
                self._due[sweep.name] = time.monotonic() + sweep.every_s
                self._at_work = threading.Thread(target=self._run, args=(sweep,), daemon=True)
                self._at_work.start()
                return

    def _run(self, sweep: Sweep) -> None:
        started = time.monotonic()
        try:
            result = sweep.work(self._settings)
        except Exception:  # one sweep's trouble is told, and tried again when it is next due
            log.exception("the sweep of %s failed", sweep.name)
            return
        log.info("swept %s in %.1f s: %s", sweep.name, time.monotonic() - started, result)

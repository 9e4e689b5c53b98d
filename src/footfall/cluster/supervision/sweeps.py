"""Runs the sweeps of services, which delete data past its retention. The watchdog calls it, and nodes of a cluster."""

import logging
import threading
import time
from collections.abc import Sequence

from footfall.cluster.service import Sweep
from footfall.cluster.services import SERVICES
from footfall.settings import Settings

log = logging.getLogger("sweeps")

SWEEPS = tuple(dict.fromkeys(sweep for service in SERVICES for sweep in service.sweeps))


def of_watchdog(settings: Settings) -> list[Sweep]:
    """The sweeps that the watchdog runs: all of them, unless nodes run those that concern their own files."""
    return [sweep for sweep in SWEEPS if not (settings.is_node and sweep.on_each_node)]


class Sweeper:
    """Runs each sweep when it is due, one at a time, in a separate thread."""

    def __init__(self, settings: Settings, sweeps: Sequence[Sweep]) -> None:
        self._settings = settings
        self._sweeps = sweeps
        self._due = {sweep.name: time.monotonic() + sweep.every_s for sweep in sweeps}
        self._thread: threading.Thread | None = None

    def run_due(self) -> None:
        """Starts the first sweep that is due, unless one is running."""
        if self._thread is not None and self._thread.is_alive():
            return
        for sweep in self._sweeps:
            if time.monotonic() >= self._due[sweep.name]:
                self._due[sweep.name] = time.monotonic() + sweep.every_s
                self._thread = threading.Thread(target=self._run, args=(sweep,), daemon=True)
                self._thread.start()
                return

    def _run(self, sweep: Sweep) -> None:
        started = time.monotonic()
        try:
            result = sweep.work(self._settings)
        except Exception:  # a sweep that fails is logged and runs again when it is next due
            log.exception("the sweep of %s failed", sweep.name)
            return
        log.info("swept %s in %.1f s: %s", sweep.name, time.monotonic() - started, result)

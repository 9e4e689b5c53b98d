"""What the watchdog clears away in time: the sweeps of all services, each when it is due."""

import logging
import threading
import time

from footfall.cluster.service import Sweep
from footfall.cluster.services import SERVICES
from footfall.settings import Settings

log = logging.getLogger("sweeps")

SWEEPS = tuple(dict.fromkeys(sweep for service in SERVICES for sweep in service.sweeps))


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
        except Exception:  # one sweep's trouble is logged, and it is tried again when it is next due
            log.exception("the sweep of %s failed", sweep.name)
            return
        log.info("swept %s in %.1f s: %s", sweep.name, time.monotonic() - started, result)

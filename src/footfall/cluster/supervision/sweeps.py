"""Runs the sweeps of services, which delete data past its retention. The watchdog calls it, and nodes of a cluster."""

import logging
import threading
import time
from collections.abc import Sequence
from typing import Final

from footfall.cluster.service import Sweep
from footfall.cluster.services import SERVICES
from footfall.cluster.supervision.clock import ClockWatch
from footfall.settings import Settings

_FIRST_S: Final = 3600.0

log = logging.getLogger("sweeps")

SWEEPS = tuple(dict.fromkeys(sweep for service in SERVICES for sweep in service.sweeps))


def of_watchdog(settings: Settings) -> list[Sweep]:
    """The sweeps that the watchdog runs: all of them, unless nodes run those that concern their own files."""
    return [sweep for sweep in SWEEPS if not (settings.is_node and sweep.on_each_node)]


class Sweeper:
    """Runs each sweep when it is due, one at a time, in a separate thread.

    While the clock is in doubt, sweeps that depend on the date wait.
    """

    def __init__(self, settings: Settings, sweeps: Sequence[Sweep], clock: ClockWatch | None = None) -> None:
        self._settings = settings
        self._sweeps = sweeps
        self._clock = clock or ClockWatch()
        self._is_doubted = False
        # A machine that is on for some hours a day would never come to a sweep of every six hours.
        self._due = {sweep.name: time.monotonic() + min(sweep.every_s, _FIRST_S) for sweep in sweeps}
        self._thread: threading.Thread | None = None

    def run_due(self) -> None:
        """Starts the sweep that has been due longest, unless one is running."""
        self._judge_clock()
        if self._thread is not None and self._thread.is_alive():
            return
        now = time.monotonic()
        due = [one for one in self._sweeps if now >= self._due[one.name] and not (self._is_doubted and one.by_time)]
        if due:
            sweep = min(due, key=lambda one: self._due[one.name])
            self._due[sweep.name] = now + sweep.every_s
            self._thread = threading.Thread(target=self._run, args=(sweep,), daemon=True)
            self._thread.start()

    def _judge_clock(self) -> None:
        jump_s = self._clock.jump_s()
        if bool(jump_s) == self._is_doubted:
            return
        self._is_doubted = bool(jump_s)
        if self._is_doubted:
            log.warning(
                "The clock of this machine was set %s by %.1f hours, so nothing is deleted by its age for a day, or "
                "until the clock is set back. If the clock is right now, `./footfall down` and `up` end the wait.",
                "forward" if jump_s > 0 else "back",
                abs(jump_s) / 3600,
            )
        else:
            log.warning("The clock is no longer in doubt; what is past its retention is deleted again.")

    def _run(self, sweep: Sweep) -> None:
        started = time.monotonic()
        try:
            result = sweep.work(self._settings)
        except Exception:  # a sweep that fails is logged and runs again when it is next due
            log.exception("the sweep of %s failed", sweep.name)
            return
        log.info("swept %s in %.1f s: %s", sweep.name, time.monotonic() - started, result)

"""Notices when somebody, or a time server, sets this machine's clock while a process runs."""

import time
from collections.abc import Callable
from typing import Final

# Time servers correct less than this without notice, and nothing is deleted by the minute.
_TOLERANCE_S: Final = 1800.0
# A clock that was set right stays as it is. After a day, a wrong one has been noticed.
_ACCEPTED_AFTER_S: Final = 86_400.0


def _steady_s() -> float:
    # Only this one goes on while a Linux machine sleeps; elsewhere the monotonic clock does.
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class ClockWatch:
    """Compares the time of day with the time that has passed.

    wall: the time of day, seconds since 1970. steady: seconds that nobody can set.
    """

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = _steady_s) -> None:
        self._wall, self._steady = wall, steady
        self._offset_s = wall() - steady()
        self._doubted_since_s: float | None = None

    def jump_s(self) -> float:
        """The seconds by which the clock was set; 0.0 if it was not, and again a day after it was."""
        now_s = self._steady()
        jump_s = self._wall() - now_s - self._offset_s
        if abs(jump_s) >= _TOLERANCE_S:
            if self._doubted_since_s is None:
                self._doubted_since_s = now_s
            if now_s - self._doubted_since_s < _ACCEPTED_AFTER_S:
                return jump_s
        self._doubted_since_s = None
        self._offset_s += jump_s
        return 0.0

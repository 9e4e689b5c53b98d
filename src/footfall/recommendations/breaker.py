"""A circuit breaker: stops asking a service that fails, and asks again after a while. Pure apart from its lock."""

import threading
import time
from collections.abc import Callable
from typing import Final

# So many failures in a row are no accident. One alone may be a region that moves or a busy moment.
_FAILURES: Final = 3
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0


class Breaker:
    """Admits calls while the service works. Safe for any thread.

    After three failures in a row it is open for a second: no call is admitted. Then it admits one call at a time as a
    test. A success closes it; a failure opens it again for twice as long, up to a minute.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """clock: seconds that never go back."""
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._pause_s = _FIRST_PAUSE_S
        self._until = 0.0
        self._testing = False

    def admits(self) -> bool:
        """Whether a call may be made now; each such call must be followed by `succeeded` or `failed`."""
        with self._lock:
            if self._failures < _FAILURES:
                return True
            now = self._clock()
            if now < self._until:
                return False
            # If the test never ends, the next one begins after the same pause.
            self._testing = True
            self._until = now + self._pause_s
            return True

    def succeeded(self) -> None:
        """The service answered."""
        with self._lock:
            self._failures, self._pause_s, self._testing = 0, _FIRST_PAUSE_S, False

    def failed(self) -> None:
        """The service did not answer, or not in time."""
        with self._lock:
            self._failures += 1
            if self._failures == _FAILURES:
                self._until = self._clock() + self._pause_s
            elif self._testing:
                self._testing = False
                self._pause_s = min(_LONGEST_PAUSE_S, 2 * self._pause_s)
                self._until = self._clock() + self._pause_s
            # Otherwise the call began before the breaker opened, and says nothing new.

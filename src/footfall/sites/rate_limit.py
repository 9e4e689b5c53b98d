"""Limits the events of one address or one session, so that a runaway client cannot fill the disk."""

import threading
import time
from collections import OrderedDict
from typing import Final

# About 200 bytes each. A key that was dropped starts again with a full allowance.
_MOST_KEYS: Final = 20_000


class FloodGate:
    """An allowance per key that refills steadily (a token bucket). Safe for any thread."""

    def __init__(self, at_once: int, per_minute: int) -> None:
        """at_once: events that a key may send without a pause. per_minute: allowance that it regains per minute."""
        self._capacity = float(at_once)
        self._per_second = per_minute / 60
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key → (events left, when, s)
        self._lock = threading.Lock()

    def admits(self, key: str, events: int, now: float | None = None) -> bool:
        """Whether this many events of the key are accepted; if so, they are counted. now: monotonic seconds."""
        now = time.monotonic() if now is None else now
        with self._lock:
            left, at = self._left.pop(key, (self._capacity, now))
            left = min(self._capacity, left + (now - at) * self._per_second)
            admitted = events <= left
            self._left[key] = (left - events if admitted else left, now)
            if len(self._left) > _MOST_KEYS:
                self._left.popitem(last=False)
        return admitted

"""Limits the events of one address or one session, so that a runaway client cannot fill the disk."""

import threading
import time
from collections import OrderedDict
from typing import Final

# In each of the two groups below, about 200 bytes each. A key that was dropped starts again with a full allowance.
MOST_KEYS: Final = 20_000
# A key that has used more than this share of its allowance is remembered apart from the others. Otherwise anybody could
# have it dropped, and so get its allowance back, by sending one event for each of many other keys.
_HEAVY_SHARE: Final = 0.1


class FloodGate:
    """An allowance per key that refills steadily (a token bucket). Safe for any thread."""

    def __init__(self, at_once: int, per_minute: int) -> None:
        """at_once: events that a key may send without a pause. per_minute: allowance that it regains per minute."""
        self._capacity = float(at_once)
        self._per_second = per_minute / 60
        self._least_of_light = self._capacity * (1 - _HEAVY_SHARE)
        # Key → (events left, when, s).
        self._light: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._heavy: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def admits(self, key: str, events: int, now: float | None = None) -> bool:
        """Whether this many events of the key are accepted; if so, they are counted. now: monotonic seconds."""
        now = time.monotonic() if now is None else now
        with self._lock:
            heavy = self._heavy.pop(key, (self._capacity, now))
            left, at = self._light.pop(key, heavy)
            left = min(self._capacity, left + (now - at) * self._per_second)
            admitted = events <= left
            left -= events * admitted
            keys = self._light if left >= self._least_of_light else self._heavy
            keys[key] = left, now
            if len(keys) > MOST_KEYS:
                keys.popitem(last=False)
        return admitted

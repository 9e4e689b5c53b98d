"""Detects bots by user agent or by an inhuman event rate. The collector decides this once per event."""

import re
from collections import OrderedDict, deque
from functools import lru_cache
from importlib.resources import files
from threading import Lock
from typing import Final, Literal

AGENT: Final = "agent"
RATE: Final = "rate"
_WINDOW_MS: Final = 60_000
# About 40 bytes each, so 16 MB at most. That is enough for 3,200 browsers with a hundred events in a minute.
_MAX_STAMPS: Final = 400_000
# A browser by itself takes about a kilobyte, as much as this many stamps.
_BROWSER_STAMPS: Final = 24
_MAX_AGENT: Final = 1024


def _pattern() -> re.Pattern[str]:
    lines = (files(__package__) / "bots.txt").read_text("utf-8").splitlines()
    tokens = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    # A token matches at the beginning of a word. `bot` and `bots` match only at the end of a word: Googlebot matches,
    # but a Cubot phone does not, and neither does a longer word such as bottom.
    named = "|".join(re.escape(token) for token in tokens)
    return re.compile(rf"(?<![a-z])(?:{named})|(?<!cu)bot(?![a-z])|bots(?![a-z])|crawl|spider|scrape")


_BOT: Final = _pattern()


@lru_cache(maxsize=4096)
def agent_reason(user_agent: str | None) -> Literal["agent"] | None:
    """Returns `agent` if the User-Agent header names a crawler, link preview, monitor or HTTP library, else None."""
    return AGENT if user_agent and _BOT.search(user_agent[:_MAX_AGENT].lower()) else None


class RateRule:
    """Flags an `anonymous_id` that sends more than `limit_per_60s` events within a sliding window of 60 seconds.

    The event that exceeds the limit is the first one flagged; earlier events are not changed. After a minute below the
    limit, events are no longer flagged. Memory is bounded: the least recently seen browsers are forgotten first.
    Safe to use from several threads.
    """

    def __init__(self, limit_per_60s: int, max_stamps: int = _MAX_STAMPS) -> None:
        """limit_per_60s: at least 1. max_stamps: limit of time stamps for all browsers; each browser counts as 24."""
        if limit_per_60s < 1:
            raise ValueError("the limit of events in 60 seconds must be at least 1")
        self._limit = limit_per_60s
        self._max_stamps = max_stamps
        self._seen: OrderedDict[str, deque[int]] = OrderedDict()
        self._stamps = 0
        self._lock = Lock()

    def observe(self, anonymous_id: str, now_ms: int) -> bool:
        """Counts one event received at `now_ms`. Returns True if it exceeds the limit."""
        with self._lock:
            stamps = self._seen.get(anonymous_id)
            if stamps is None:
                stamps = self._seen[anonymous_id] = deque(maxlen=self._limit)
                self._stamps += _BROWSER_STAMPS
            else:
                self._seen.move_to_end(anonymous_id)
            exceeded = False
            if len(stamps) == self._limit:
                # The oldest of the last `limit` events is still in the window, so this event exceeds the limit.
                # A stamp in the future means that the clock was set back; then nothing is flagged.
                exceeded = 0 <= now_ms - stamps[0] < _WINDOW_MS
            else:
                self._stamps += 1
            stamps.append(now_ms)
            self._forget(now_ms)
            return exceeded

    def __len__(self) -> int:
        """The number of browsers in memory."""
        return len(self._seen)

    def _forget(self, now_ms: int) -> None:
        while len(self._seen) > 1:
            anonymous_id, stamps = next(iter(self._seen.items()))
            if self._stamps <= self._max_stamps and now_ms - stamps[-1] < _WINDOW_MS:
                return
            del self._seen[anonymous_id]
            self._stamps -= len(stamps) + _BROWSER_STAMPS

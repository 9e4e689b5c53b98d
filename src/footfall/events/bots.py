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


# What the list leaves out: a monitor, a collector for language models, and the form of newer fetchers' agents.
_MORE: Final = ("gtmetrix", "webzio", r"like gecko\)?; compatible; ")
# Readers of feeds as browsers inside their apps. The list names the same companies because of their fetchers.
_IN_APP: Final = re.compile(r"applewebkit/.* (?:mobile|version)/\S+.*(\s(?:feedly|inoreader|tumblr)/)", re.IGNORECASE)


def _pattern() -> re.Pattern[str]:
    lines = (files(__package__) / "bots.txt").read_text("utf-8").splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]
    return re.compile("|".join((*listed, *_MORE)), re.IGNORECASE)


_BOT: Final = _pattern()


def agent_reason(user_agent: str | None) -> Literal["agent"] | None:
    """Returns `agent` if the User-Agent header names a crawler, link preview, monitor or HTTP library, else None."""
    return _reason(user_agent[:_MAX_AGENT]) if user_agent else None


# Some 0.1 ms for an agent that is not in the cache. At most 4 MB: of a header of 32 KiB, only the beginning is kept.
@lru_cache(maxsize=4096)
def _reason(read: str) -> Literal["agent"] | None:
    if (app := _IN_APP.search(read)) is not None:
        read = read[: app.start(1)]
    return AGENT if _BOT.search(read) else None


class RateRule:
    """Flags an `anonymous_id` with more than `limit_per_60s` events within a sliding window of 60 seconds.

    The times at which events happened decide: after an outage, a tracker sends at once what it has kept. The event that
    exceeds the limit is the first one flagged; earlier events are not changed. After a minute below the limit, events
    are no longer flagged. Memory is bounded: the least recently seen browsers are forgotten first. Safe to use from
    several threads.
    """

    def __init__(self, limit_per_60s: int, max_stamps: int = _MAX_STAMPS) -> None:
        """limit_per_60s: at least 1. max_stamps: limit of time stamps for all browsers; each browser counts as 24."""
        if limit_per_60s < 1:
            raise ValueError("the limit of events in 60 seconds must be at least 1")
        self._limit = limit_per_60s
        self._max_stamps = max_stamps
        # The times at which the last events of each browser happened, and when the last one was received.
        self._seen: OrderedDict[str, tuple[deque[int], int]] = OrderedDict()
        self._stamps = 0
        self._lock = Lock()

    def observe(self, anonymous_id: str, happened_ms: int, received_ms: int | None = None) -> bool:
        """Counts one event. Returns True if it exceeds the limit. received_ms: None if it was when it happened."""
        received_ms = happened_ms if received_ms is None else received_ms
        with self._lock:
            known = self._seen.pop(anonymous_id, None)
            if known is None:
                known = deque[int](maxlen=self._limit), received_ms
                self._stamps += _BROWSER_STAMPS
            stamps = known[0]
            self._seen[anonymous_id] = stamps, received_ms
            exceeded = False
            if len(stamps) == self._limit:
                # The oldest of the last `limit` events is still in the window, so this event exceeds the limit.
                # A later stamp means that older events came behind, or that the clock was set back: nothing is flagged.
                exceeded = 0 <= happened_ms - stamps[0] < _WINDOW_MS
            else:
                self._stamps += 1
            stamps.append(happened_ms)
            self._forget(received_ms)
            return exceeded

    def __len__(self) -> int:
        """The number of browsers in memory."""
        return len(self._seen)

    def _forget(self, now_ms: int) -> None:
        while len(self._seen) > 1:
            anonymous_id, (stamps, received_ms) = next(iter(self._seen.items()))
            if self._stamps <= self._max_stamps and now_ms - received_ms < _WINDOW_MS:
                return
            del self._seen[anonymous_id]
            self._stamps -= len(stamps) + _BROWSER_STAMPS

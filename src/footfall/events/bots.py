"""Who is no person: by the agent's name, or by a pace that nobody reads at. Decided once, in the collector."""

import re
from collections import OrderedDict, deque
from functools import lru_cache
from importlib.resources import files
from threading import Lock
from typing import Final, Literal

AGENT: Final = "agent"
RATE: Final = "rate"
_WINDOW_MS: Final = 60_000
# About 40 bytes each: 16 MB at most. With a hundred events each, some 3,200 browsers a minute are remembered at once.
_MAX_STAMPS: Final = 400_000
# A browser costs about a kilobyte by itself, as much as so many times.
_BROWSER_STAMPS: Final = 24
_MAX_AGENT: Final = 1024


def _pattern() -> re.Pattern[str]:
    lines = (files(__package__) / "bots.txt").read_text("utf-8").splitlines()
    tokens = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    # A token stands at the beginning of a word. The generic ones end a word too: Googlebot, but no Cubot telephone,
    # and no word that merely begins alike.
    named = "|".join(re.escape(token) for token in tokens)
    return re.compile(rf"(?<![a-z])(?:{named})|(?<!cu)bot(?![a-z])|bots(?![a-z])|crawl|spider|scrape")


_BOT: Final = _pattern()


@lru_cache(maxsize=4096)
def agent_reason(user_agent: str | None) -> Literal["agent"] | None:
    """`agent` if the User-Agent header names a crawler, a preview, a monitor or a program's HTTP library."""
    return AGENT if user_agent and _BOT.search(user_agent[:_MAX_AGENT].lower()) else None


class RateRule:
    """More than `limit_per_60s` events within 60 seconds, sliding, of one `anonymous_id` as sent.

    The event that exceeds the limit is the first to be flagged; nothing before it is relabelled, and after a calm
    minute the browser is a person's again. Memory is bounded: browsers longest unseen are forgotten first.
    Safe to use from several threads.
    """

    def __init__(self, limit_per_60s: int, max_stamps: int = _MAX_STAMPS) -> None:
        """limit_per_60s: at least 1. max_stamps: times remembered of all browsers together; each costs 24 by itself."""
        if limit_per_60s < 1:
            raise ValueError("the limit of events in 60 seconds must be at least 1")
        self._limit = limit_per_60s
        self._max_stamps = max_stamps
        self._seen: OrderedDict[str, deque[int]] = OrderedDict()
        self._stamps = 0
        self._lock = Lock()

    def observe(self, anonymous_id: str, now_ms: int) -> bool:
        """Counts one event received at `now_ms`; True if it exceeds the limit."""
        with self._lock:
            stamps = self._seen.get(anonymous_id)
            if stamps is None:
                stamps = self._seen[anonymous_id] = deque(maxlen=self._limit)
                self._stamps += _BROWSER_STAMPS
            else:
                self._seen.move_to_end(anonymous_id)
            exceeded = False
            if len(stamps) == self._limit:
                # The oldest of the last `limit` still lies in the window: this one is one too many.
                # Nothing is said of times that lie ahead, since the clock was put back.
                exceeded = 0 <= now_ms - stamps[0] < _WINDOW_MS
            else:
                self._stamps += 1
            stamps.append(now_ms)
            self._forget(now_ms)
            return exceeded

    def __len__(self) -> int:
        """Browsers remembered now."""
        return len(self._seen)

    def _forget(self, now_ms: int) -> None:
        while len(self._seen) > 1:
            anonymous_id, stamps = next(iter(self._seen.items()))
            if self._stamps <= self._max_stamps and now_ms - stamps[-1] < _WINDOW_MS:
                return
            del self._seen[anonymous_id]
            self._stamps -= len(stamps) + _BROWSER_STAMPS

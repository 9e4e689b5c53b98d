"""Late events: those that were received long after they happened."""

from typing import Final

LATE_MS: Final = 60_000


def is_late(event_time_ms: int, received_ms: int) -> bool:
    """Whether an event was received more than a minute after it happened. Times: ms since 1970."""
    return received_ms - event_time_ms > LATE_MS

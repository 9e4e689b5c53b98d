"""The time that people were engaged with pages, and which visits are engaged."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

PAGE_PING: Final = "page_ping"
# A visit that reaches one of these, or that converts, is engaged; any other bounces.
ENGAGED_PAGE_VIEWS: Final = 2
ENGAGED_MS: Final = 10_000


def is_ping(event_type: str) -> bool:
    """Whether an event reports engaged time."""
    return event_type == PAGE_PING


def engaged_time_ms(event_type: str, engaged_ms: int | None) -> int:
    """The engaged time, in ms, that an event adds; a ping reports the time since the ping before it."""
    return engaged_ms or 0 if event_type == PAGE_PING else 0


def engaged_times_ms(pings: NDArray[np.bool_], engaged_ms: NDArray[np.int64]) -> NDArray[np.int64]:
    """`engaged_time_ms` for each event of a column. engaged_ms: 0 if unknown."""
    return np.where(pings, engaged_ms, 0)


def is_engaged_visit(page_views: int, engaged_ms: int, conversions: int) -> bool:
    """Whether a visit is engaged. A visit that is not engaged is a bounce."""
    return page_views >= ENGAGED_PAGE_VIEWS or engaged_ms >= ENGAGED_MS or conversions > 0

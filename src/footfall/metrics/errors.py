"""What a failure is, what could have failed, and the share that did."""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from footfall.metrics.page_views import is_page_view
from footfall.metrics.rates import ratio

ERROR: Final = "error"
# The HTTP status from which a page view is a failure, and that of a page that is not there, which is none.
FAILED_FROM: Final = 500
NOT_FOUND: Final = 404

Flags = NDArray[np.bool_]


def is_error_event(event_type: str) -> bool:
    """Whether an event is itself the report of a failure."""
    return event_type == ERROR


def could_fail(event_type: str) -> bool:
    """Whether an event is one of those that error rates divide by: page views and error events."""
    return is_page_view(event_type) or is_error_event(event_type)


def is_failure(event_type: str, http_status: int | None) -> bool:
    """Whether an event is a failure: an error event, or a page view that the server failed to answer.

    One failure emits one of them.
    """
    return is_error_event(event_type) or (is_page_view(event_type) and (http_status or 0) >= FAILED_FROM)


def failures(page_views: Flags, error_events: Flags, http_status: NDArray[np.integer]) -> Flags:
    """As `is_failure` of each event of a column. http_status: any number below 100 where it is unknown."""
    return error_events | page_views & (http_status >= FAILED_FROM)


def is_not_found(event_type: str, http_status: int | None) -> bool:
    """Whether an event is the view of a page that is not there."""
    return is_page_view(event_type) and http_status == NOT_FOUND


# Three calls for each event that is counted live would take two percent of all that counting it takes. A dozen event
# types meet a dozen statuses; the bound is for a sender that makes them up.
@lru_cache(4096)
def outcome(event_type: str, http_status: int | None) -> tuple[bool, bool, bool]:
    """Whether an event is a page view, whether it is a failure, and whether it is the view of a missing page."""
    return is_page_view(event_type), is_failure(event_type, http_status), is_not_found(event_type, http_status)


def error_rate(failed: int, could_have: int) -> float | None:
    """The share of failures among the events that could fail; None if there was none."""
    return ratio(failed, could_have)

"""Failures: which events are failures, which could fail, and the share of the former."""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from footfall.metrics.page_views import is_page_view
from footfall.metrics.rates import ratio

ERROR: Final = "error"
# The lowest HTTP status of a failed page view, and the status of a missing page, which is not a failure.
FAILED_FROM: Final = 500
NOT_FOUND: Final = 404

Flags = NDArray[np.bool_]


def is_error_event(event_type: str) -> bool:
    """Whether an event reports a failure."""
    return event_type == ERROR


def could_fail(event_type: str) -> bool:
    """Whether an event counts in the denominator of error rates: page views and error events do."""
    return is_page_view(event_type) or is_error_event(event_type)


def is_failure(event_type: str, http_status: int | None) -> bool:
    """Whether an event is a failure: an error event, or a page view that the server failed to answer.

    One failure causes only one of them.
    """
    return is_error_event(event_type) or (is_page_view(event_type) and (http_status or 0) >= FAILED_FROM)


def failures(page_views: Flags, error_events: Flags, http_status: NDArray[np.integer]) -> Flags:
    """`is_failure` for each event of a column. http_status: any number below 100 if unknown."""
    return error_events | page_views & (http_status >= FAILED_FROM)


def is_not_found(event_type: str, http_status: int | None) -> bool:
    """Whether an event is a page view of a missing page."""
    return is_page_view(event_type) and http_status == NOT_FOUND


# Without the cache, the three calls would take two percent of the time to count an event live. There are about a dozen
# event types and a dozen statuses; the size limit guards against senders that invent them.
@lru_cache(4096)
def outcome(event_type: str, http_status: int | None) -> tuple[bool, bool, bool]:
    """Whether an event is a page view, a failure, and a page view of a missing page."""
    return is_page_view(event_type), is_failure(event_type, http_status), is_not_found(event_type, http_status)


def error_rate(failed: int, could_have: int) -> float | None:
    """The share of failures among the events that could fail; None if there was none."""
    return ratio(failed, could_have)

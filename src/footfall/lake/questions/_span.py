"""The time span that a question's parameters `from` and `to` define."""

from typing import Final

from footfall.questions.model import UnknownValue

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
# The windows that are published, in minutes.
WINDOWS: Final = {"1m": 1, "5m": 5}
_USUAL_MINUTES: Final = 60
_MOST_DAYS: Final = 7
_FINAL_AFTER_MS: Final = 72 * 3_600_000


def span_ms(now_ms: int, from_ms: int | None, to_ms: int | None, usual_minutes: int) -> tuple[int, int]:
    """The start and the end (excluded) of the span, ms since 1970.

    The end defaults to now. The start defaults to `usual_minutes` before the end, rounded down to a full minute.
    Raises UnknownValue if the span is empty.
    """
    end_ms = now_ms if to_ms is None else to_ms
    first_ms = end_ms // MINUTE_MS * MINUTE_MS - usual_minutes * MINUTE_MS if from_ms is None else from_ms
    if first_ms >= end_ms:
        raise UnknownValue("The parameter from lies before the parameter to.")
    return first_ms, end_ms


def window_span_ms(now_ms: int, from_ms: int | None, to_ms: int | None) -> tuple[int, int]:
    """`span_ms` of a question about windows, the last hour by default. Raises UnknownValue, also if it is too long."""
    first_ms, end_ms = span_ms(now_ms, from_ms, to_ms, _USUAL_MINUTES)
    if end_ms - first_ms > _MOST_DAYS * DAY_MS:
        raise UnknownValue(f"From and to lie at most {_MOST_DAYS} days apart.")
    return first_ms, end_ms


def is_final(now_ms: int, end_ms: int) -> bool:
    """Whether a published window that ended at `end_ms` can get no late event any more."""
    return now_ms >= end_ms + _FINAL_AFTER_MS

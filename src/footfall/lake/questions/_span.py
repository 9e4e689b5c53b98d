"""The time span that a question's parameters `from` and `to` define."""

from typing import Final

from footfall.questions.model import UnknownValue

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000


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

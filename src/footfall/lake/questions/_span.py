"""The span of time that a question's `from` and `to` mean."""

from typing import Final

from footfall.questions.model import UnknownValue

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000


def span_ms(now_ms: int, from_ms: int | None, to_ms: int | None, usual_minutes: int) -> tuple[int, int]:
    """From and to (excluded), ms since 1970. Without `to_ms`: now; without `from_ms`: `usual_minutes` before, from a
    full minute on.

    Raises UnknownValue.
    """
    end_ms = now_ms if to_ms is None else to_ms
    first_ms = end_ms // MINUTE_MS * MINUTE_MS - usual_minutes * MINUTE_MS if from_ms is None else from_ms
    if first_ms >= end_ms:
        raise UnknownValue("The parameter from lies before the parameter to.")
    return first_ms, end_ms

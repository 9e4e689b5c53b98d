"""The span of time that `from` and `to` mean."""

import re
from datetime import datetime, timezone
from typing import Final

from footfall.questions import UnknownValue

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
# 1970, and 9999: beyond lies what no calendar here can add a day to.
_YEARS_MS: Final = range(253_370_764_800_000)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(:\d{2})?(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})")


def span_ms(now_ms: int, since: str | None, until: str | None, usual_minutes: int) -> tuple[int, int]:
    """From and to (excluded), ms since 1970, of texts such as `2026-11-24`, which means the whole UTC day, or
    `2026-11-24T08:00:00Z`. Without `until`: now; without `since`: `usual_minutes` before, from a full minute on.

    Raises UnknownValue.
    """
    to_ms = now_ms if until is None else _read("to", until, DAY_MS)
    from_ms = to_ms // MINUTE_MS * MINUTE_MS - usual_minutes * MINUTE_MS if since is None else _read("from", since, 0)
    if from_ms >= to_ms:
        raise UnknownValue("The parameter from lies before the parameter to.")
    return from_ms, to_ms


def _read(name: str, text: str, whole_day_ms: int) -> int:
    """whole_day_ms: what is added to a date."""
    try:
        if (found := _ms(text)) in _YEARS_MS:
            return found + whole_day_ms if _DAY.fullmatch(text) else found
    except (ValueError, OverflowError):
        pass  # no calendar has it
    raise UnknownValue(
        f"The parameter {name} is a UTC day such as 2026-11-24 or a time such as 2026-11-24T08:00:00Z, not {text!r}."
    )


def _ms(text: str) -> int:
    """Raises ValueError or OverflowError."""
    if _DAY.fullmatch(text):
        text += "T00:00Z"
    time = _TIME.fullmatch(text)
    if time is None:
        raise ValueError
    day, minute, second, decimals, zone = time.groups()
    zone = "+00:00" if zone in "Zz" else zone
    since = datetime.fromisoformat(f"{day}T{minute}{second or ':00'}{zone}") - _EPOCH
    return since.days * DAY_MS + since.seconds * 1000 + int((decimals or ".")[1:4].ljust(3, "0"))

"""Parses the times of parameters: a UTC day such as `2026-11-24`, or a time such as `2026-11-24T08:00:00Z`."""

import re
from datetime import datetime, timezone
from typing import Final

from footfall.questions.model import UnknownValue

_DAY_MS: Final = 86_400_000
# 1970 to 9998: Python's calendar ends with 9999, and a day must remain to be added.
_YEARS_MS: Final = range(253_370_764_800_000)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(:\d{2})?(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


def from_ms(text: str) -> int:
    """The first instant that the parameter `from` includes, ms since 1970. Raises UnknownValue."""
    return _instant_ms("from", text)


def to_ms(text: str) -> int:
    """The first instant that the parameter `to` excludes, ms since 1970: a day counts whole. Raises UnknownValue."""
    return _instant_ms("to", text) + (_DAY_MS if _DAY.fullmatch(text) else 0)


def _instant_ms(name: str, text: str) -> int:
    try:
        if (found := _parsed_ms(text)) in _YEARS_MS:
            return found
    except (ValueError, OverflowError):
        pass  # such as February 30
    raise UnknownValue(
        f"The parameter {name} is a UTC day such as 2026-11-24 or a time such as 2026-11-24T08:00:00Z, not {text!r}."
    )


def _parsed_ms(text: str) -> int:
    """Raises ValueError or OverflowError."""
    if _DAY.fullmatch(text):
        text += "T00:00Z"
    time = _TIME.fullmatch(text)
    if time is None:
        raise ValueError
    day, minute, second, decimals, zone = time.groups()
    zone = "+00:00" if zone in "Zz" else zone
    since = datetime.fromisoformat(f"{day}T{minute}{second or ':00'}{zone}") - _EPOCH
    return since.days * _DAY_MS + since.seconds * 1000 + int((decimals or ".")[1:4].ljust(3, "0"))

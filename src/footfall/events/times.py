"""Times of events: milliseconds since 1970, or text in RFC 3339 UTC with exactly three decimals."""

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Final

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
_EPOCH: Final = datetime(1970, 1, 1)
# Public for readers of whole columns, whose regular expression engines have no fullmatch.
SHAPE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"
_SHAPE: Final = re.compile(SHAPE)
_OFFSET_SHAPE: Final = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?P<clock>[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.(?P<decimals>[0-9]+))?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<hours>[0-9]{2}):(?P<minutes>[0-9]{2}))"
)
_MOST_HOURS: Final = 23
_MOST_MINUTES: Final = 59
_DAY_SHAPE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Years 1 to 9999, the range of both datetime and four digits.
_MIN_MS: Final = -62_135_596_800_000
_MAX_MS: Final = 253_402_300_799_999
_SECONDS: Final = tuple(f"{second:02d}." for second in range(60))
_THOUSANDTHS: Final = tuple(f"{rest:03d}Z" for rest in range(1000))


def parse_rfc3339_ms(text: str) -> int:
    """Returns the milliseconds since 1970 of a time such as `2026-11-24T08:00:00.123Z`.

    Raises ValueError for any other notation (an offset, no decimals, a lower-case `z`) and for an invalid time
    (31 February, second 60).
    """
    if _SHAPE.fullmatch(text) is None:
        raise ValueError("a time must be written as 2026-11-24T08:00:00.123Z")
    return parse_shaped_ms(text)


def parse_shaped_ms(text: str) -> int:
    """Like `parse_rfc3339_ms`, for a text that is known to match `SHAPE`; ValueError if the time is invalid."""
    # Without the Z, which Python 3.10 cannot parse.
    since = datetime.fromisoformat(text[:23]) - _EPOCH
    return since.days * DAY_MS + since.seconds * 1000 + since.microseconds // 1000


def parse_offset_ms(text: str) -> int:
    """Returns the milliseconds since 1970 of a time of RFC 3339 with any offset and any number of decimals.

    What is finer than a millisecond is cut off. Raises ValueError for any other notation and for an invalid time.
    """
    parts = _OFFSET_SHAPE.fullmatch(text)
    if parts is None:
        raise ValueError("a time must be written as 2026-11-24T08:00:00Z or 2026-11-24T09:00:00.123+01:00")
    hours, minutes = int(parts["hours"] or 0), int(parts["minutes"] or 0)
    if hours > _MOST_HOURS or minutes > _MOST_MINUTES:
        raise ValueError("an offset is less than a day")
    local_ms = parse_shaped_ms(f"{parts['day']}T{parts['clock']}.{(parts['decimals'] or '')[:3]:0<3}Z")
    ahead_ms = (hours * 60 + minutes) * MINUTE_MS
    return local_ms + ahead_ms if parts["sign"] == "-" else local_ms - ahead_ms


def utc_day(text: str) -> date:
    """The day of a text such as `2026-11-24`. Raises ValueError for any other notation, also of other digits."""
    if _DAY_SHAPE.fullmatch(text) is None:
        raise ValueError("a day must be written as 2026-11-24")
    return date.fromisoformat(text)


def epoch_ms(at: datetime) -> int:
    """Milliseconds since 1970 of a timezone-aware datetime."""
    return round(at.timestamp() * 1000)


def format_rfc3339_ms(ms: int) -> str:
    """The text of a time in milliseconds since 1970; ValueError outside the years 1 to 9999."""
    if not _MIN_MS <= ms <= _MAX_MS:
        raise ValueError("a time must be within the years 1 to 9999")
    minutes, rest = divmod(ms, MINUTE_MS)
    seconds, rest = divmod(rest, 1000)
    return f"{_until_minute(minutes)}{_SECONDS[seconds]}{_THOUSANDTHS[rest]}"


def event_time_ms(received_ms: int, sent_ms: int, occurred_ms: int) -> int:
    """The time of an event by the server's clock: the time of receipt minus the time it waited in the browser.

    Only that waiting time comes from the visitor's clock. A wrong clock therefore does no harm, and an event is never
    in the future.
    """
    waited = sent_ms - occurred_ms
    return received_ms - waited if waited > 0 else received_ms


# A day has 1,440 minutes.
@lru_cache(maxsize=4096)
def _until_minute(minutes: int) -> str:
    days, minute = divmod(minutes, 1440)
    hour, minute = divmod(minute, 60)
    return f"{_date(days)}T{hour:02d}:{minute:02d}:"


@lru_cache(maxsize=64)
def _date(days: int) -> str:
    return datetime.fromordinal(_EPOCH.toordinal() + days).date().isoformat()

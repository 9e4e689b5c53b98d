"""Parses single lines of the sites' logs. The result is None for anything else, such as a line that a crash cut off.

`engines/pig/functions` accepts the same lines for the warehouse; a test compares the two.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

import orjson

from footfall.events.times import parse_rfc3339_ms
from footfall.names import APP_ID, LogKind

# A visitor's text stands between quotes and contains none.
_ACCESS: Final = re.compile(
    r'\S+ - - \[[^\]]*\] "(?P<request>[^"]*)" (?P<status>[0-9]{1,3}) [0-9]{1,15} "[^"]*" "[^"]*" '
    r"(?P<app>\S+) (?P<request_id>\S+) (?P<duration_us>[0-9]{1,15}) (?P<logged_at>\S+)"
)
_APP: Final = re.compile(APP_ID)
_MOST_STATUS: Final = 999
# Counts and durations have at most 15 digits, so no sum of them overflows.
_MOST: Final = 10**15 - 1
# Fields that only the warehouse reads. A line may lack them, but they have no value of another type.
_OPTIONAL_TEXTS: Final[dict[LogKind, tuple[str, ...]]] = {
    "error": ("code", "user_action", "traceback"),
    "performance": ("method",),
}
_OPTIONAL_NUMBERS: Final[dict[LogKind, tuple[str, ...]]] = {
    "error": (),
    "performance": ("queue_us", "bytes_sent", "memory_bytes", "cpu_us"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of any kind.

    logged_at: RFC 3339 with milliseconds. level: None unless the line is an error. duration_us: None for an error.
    message: the message of an error, the request of an access line, or the endpoint of a performance line.
    """

    logged_at: str
    app_id: str
    level: str | None
    request_id: str
    page_path: str | None
    status: int | None
    duration_us: int | None
    message: str | None


def parse(kind: LogKind, raw: bytes) -> Line | None:
    """Parses a line without its line feed; None if it is not a valid line of this kind."""
    try:
        line = _access(raw) if kind == "access" else _document(kind, raw)
        parse_rfc3339_ms(line.logged_at)
        if _APP.fullmatch(line.app_id) is None:
            return None
    except (ValueError, KeyError, TypeError):  # ValueError includes orjson's errors and UnicodeDecodeError
        return None
    return line


def _access(raw: bytes) -> Line:
    text = raw.decode("ascii")
    match = _ACCESS.fullmatch(text)
    if match is None or not text.isprintable():
        raise ValueError("not an access line")
    request = match["request"]
    target = request.split(" ")[1] if request.count(" ") >= 2 else None
    return Line(
        logged_at=match["logged_at"],
        app_id=match["app"],
        level=None,
        request_id=match["request_id"],
        page_path=None if target is None else target.partition("?")[0],
        status=int(match["status"]),
        duration_us=int(match["duration_us"]),
        message=request,
    )


def _document(kind: LogKind, raw: bytes) -> Line:
    record: dict[str, Any] = orjson.loads(raw)
    if not isinstance(record, dict):
        raise TypeError("not an object")
    is_error = kind == "error"
    for name, value in record.items():
        if value is not None and name in _OPTIONAL_TEXTS[kind]:
            _text(value)
        elif value is not None and name in _OPTIONAL_NUMBERS[kind]:
            _number(value)
    return Line(
        logged_at=_text(record["logged_at"]),
        app_id=_text(record["app_id"]),
        level=_text(record["level"]) if is_error else None,
        request_id=_text(record["request_id"]),
        page_path=_text(record["page_path"]),
        status=_number(record["status"], _MOST_STATUS),
        duration_us=None if is_error else _number(record["duration_us"]),
        message=_text(record["message" if is_error else "endpoint"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _number(value: object, most: int = _MOST) -> int:
    if type(value) is not int:
        raise TypeError("not an integer")
    if not 0 <= value <= most:
        raise ValueError("out of range")
    return value

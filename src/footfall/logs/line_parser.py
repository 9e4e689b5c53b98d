"""Reads single lines of the sites' logs. What is no line of a site, such as one that a crash cut off, is None."""

import re
from dataclasses import dataclass
from typing import Any, Final

import orjson

from footfall.events.times import parse_rfc3339_ms
from footfall.names import LogKind

# What a visitor sent stands between quotes and holds none itself; the agent is last, so that it may hold anything else.
_ACCESS: Final = re.compile(
    r'\S+ - - \[[^\]]*\] "(?P<request>[^"]*)" (?P<status>[0-9]{1,3}) [0-9]+ "[^"]*" "[^"]*" '
    r"(?P<app>\S+) (?P<request_id>\S+) (?P<duration_us>[0-9]{1,15}) (?P<logged_at>\S+)"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of any kind. logged_at: RFC 3339 with milliseconds; level: an error's, else None; duration_us: None of an
    error; message: what an error said, an access line's request, a performance line's endpoint."""

    logged_at: str
    app_id: str
    level: str | None
    request_id: str
    page_path: str | None
    status: int | None
    duration_us: int | None
    message: str | None


def parse(kind: LogKind, raw: bytes) -> Line | None:
    """The line that these bytes are, without its line feed; None if they are none."""
    try:
        line = _access(raw) if kind == "access" else _document(kind, raw)
        parse_rfc3339_ms(line.logged_at)
    except (ValueError, KeyError, TypeError):  # of orjson and UnicodeDecodeError too
        return None
    return line


def _access(raw: bytes) -> Line:
    match = _ACCESS.fullmatch(raw.decode("ascii"))
    if match is None:
        raise ValueError("no access line")
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
    is_error = kind == "error"
    return Line(
        logged_at=_text(record["logged_at"]),
        app_id=_text(record["app_id"]),
        level=_text(record["level"]) if is_error else None,
        request_id=_text(record["request_id"]),
        page_path=_text(record["page_path"]),
        status=_number(record["status"]),
        duration_us=None if is_error else _number(record["duration_us"]),
        message=_text(record["message" if is_error else "endpoint"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _number(value: object) -> int:
    if type(value) is not int:
        raise TypeError("no whole number")
    return value

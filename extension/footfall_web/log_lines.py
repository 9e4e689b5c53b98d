"""The lines of a site's three logs: access, error and performance. Pure; each is one line, whatever a request carries.

No line contains a cookie, a query value or a complete address.
"""

import json
import traceback
from datetime import datetime, timezone
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Final, NamedTuple

_LONGEST_MESSAGE: Final = 1000
_LONGEST_TRACEBACK: Final = 16_000
_LONGEST_NAME: Final = 200
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Text as JSON, in quotes.
_text: Final = encode_basestring


class Served(NamedTuple):
    """One answered request, with the values of its access and performance lines.

    at_ms: its beginning, epoch milliseconds. address: cut to its network. target: the path and the names of its query
    parameters. queue_us, memory_bytes: None if unknown.
    """

    app_id: str
    request_id: str
    at_ms: int
    duration_us: int
    address: str | None
    method: str
    target: str
    protocol: str
    status: int
    bytes_sent: int
    referrer: str
    agent: str
    endpoint: str
    queue_us: int | None
    memory_bytes: int | None
    cpu_us: int

    def access_line(self) -> bytes:
        """The line of the access log, line end included."""
        return (
            f"{self.address or '-'} - - [{_common_time(self.at_ms // 1000)}] "
            f'"{self.method} {self.target} {self.protocol}" '
            f'{self.status} {self.bytes_sent} "{self.referrer}" "{self.agent}" '
            f"{self.app_id} {self.request_id} {self.duration_us} {_rfc3339(self.at_ms)}\n"
        ).encode("ascii")

    def performance_line(self) -> bytes:
        """The line of the performance log, line end included."""
        # An encoder for any record would take several times as long.
        return _utf8(
            f'{{"logged_at":"{_rfc3339(self.at_ms)}","app_id":{_text(self.app_id)},'
            f'"request_id":{_text(self.request_id)},"method":{_text(self.method)},'
            f'"endpoint":{_text(self.endpoint[:_LONGEST_NAME])},"page_path":{_text(self.target.partition("?")[0])},'
            f'"status":{self.status},"duration_us":{self.duration_us},"queue_us":{_number(self.queue_us)},'
            f'"bytes_sent":{self.bytes_sent},"memory_bytes":{_number(self.memory_bytes)},"cpu_us":{self.cpu_us}}}\n'
        )


def error_line(
    app_id: str, request_id: str, at_ms: int, page_path: str, user_action: str, failure: BaseException, status: int
) -> bytes:
    """The error log's line of one failure, line end included; at_ms: epoch milliseconds."""
    trace = "".join(traceback.format_exception(type(failure), failure, failure.__traceback__))
    record = {
        "logged_at": _rfc3339(at_ms),
        "app_id": app_id,
        "request_id": request_id,
        "level": "error",
        "status": status,
        "code": type(failure).__name__,
        "message": _said(failure)[:_LONGEST_MESSAGE],
        "user_action": user_action[:_LONGEST_NAME],
        "page_path": page_path,
        # The end is kept, since the exception itself is there.
        "traceback": trace[-_LONGEST_TRACEBACK:],
    }
    return _utf8(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")


def _said(failure: BaseException) -> str:
    try:
        return str(failure)
    except Exception:
        # An application's own exception may fail at that, too.
        return ""


def _utf8(line: str) -> bytes:
    """Invalid Unicode is replaced."""
    return line.encode("utf-8", "replace")


def _number(value: int | None) -> str:
    return "null" if value is None else str(value)


def _rfc3339(ms: int) -> str:
    second, rest = divmod(ms, 1000)
    return f"{_second(second)}.{rest:03d}Z"


@lru_cache(maxsize=1024)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, timezone.utc).isoformat()[:19]


def _common_time(second: int) -> str:
    days, second = divmod(second, 86_400)
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    return f"{_common_date(days)}:{hour:02d}:{minute:02d}:{second:02d} +0000"


@lru_cache(maxsize=64)
def _common_date(days: int) -> str:
    moment = datetime.fromtimestamp(days * 86_400, timezone.utc)
    # Not strftime: its month names depend on the locale.
    return f"{moment.day:02d}/{_MONTHS[moment.month - 1]}/{moment.year:04d}"

"""The three logs of a site: access, error and performance. Each request is one line, whatever it contains.

A file is named for the UTC time of its opening, `KIND-20261124T080000.123Z.log`. A new file begins at each start, each
hour and at 64 MB. Files are never renamed, so a follower neither rereads one nor loses its end. No line contains a
cookie, a query value or a complete address.
"""

import os
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import orjson

from footfall.events.address import client_of, truncate
from footfall.events.identity import new_uuid7
from footfall.events.times import format_rfc3339_ms
from footfall.names import LOG_KINDS
from footfall.settings import Settings
from footfall.sites.log_escaping import loggable, loggable_agent, loggable_referrer, target_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LARGEST_FILE: Final = 64 * 2**20
_LONGEST_TRACEBACK: Final = 16_000
_PAGE_SIZE: Final = os.sysconf("SC_PAGE_SIZE")
# The platform itself asks every 15 s; these lines would only hide those of visitors.
_UNLOGGED: Final = "/healthz"
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Logs(Protocol):
    """The logs that a site writes about its requests. See `WebLogs`."""

    def around(self, application: "WSGIApplication") -> "WSGIApplication":
        """Wraps `application` so that each request has a request id."""

    def error(self, environ: "WSGIEnvironment", user_action: str, failure: BaseException, status: int) -> None:
        """Logs one failure."""


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
            f"{self.app_id} {self.request_id} {self.duration_us} {format_rfc3339_ms(self.at_ms)}\n"
        ).encode("ascii")

    def performance_record(self) -> dict[str, Any]:
        """The record of the performance log."""
        return {
            "logged_at": format_rfc3339_ms(self.at_ms),
            "app_id": self.app_id,
            "request_id": self.request_id,
            "method": self.method,
            "endpoint": self.endpoint,
            "page_path": self.target.partition("?")[0],
            "status": self.status,
            "duration_us": self.duration_us,
            "queue_us": self.queue_us,
            "bytes_sent": self.bytes_sent,
            "memory_bytes": self.memory_bytes,
            "cpu_us": self.cpu_us,
        }


class Started(NamedTuple):
    """When the server began work on a request before it called the application, and the cost of that work.

    at: epoch seconds. clock: `time.perf_counter`. cpu_s: processor seconds.
    """

    at: float
    clock: float
    cpu_s: float


class WebLogs:
    """The logs of one site's process. Safe for any thread; no method raises if the disk is full."""

    def __init__(self, settings: Settings, app: str) -> None:
        self._app = app
        self._trusted = settings.trusted_proxies
        folder = settings.logs_dir / "sites" / app
        folder.mkdir(parents=True, exist_ok=True)
        self._files: dict[str, _LogFile] = {kind: _LogFile(folder, kind) for kind in LOG_KINDS}
        self._memory = _Memory()

    def around(self, application: "WSGIApplication") -> "WSGIApplication":
        """Wraps `application`: each request has a request id, and an access and a performance line when it is done.

        The environment holds the request id as `footfall.request_id`. The application may set `footfall.endpoint`, the
        name of the view that answered. The server may set `footfall.arrived_at` (epoch seconds), the time at which the
        request was complete; the time since then was spent waiting for a thread. It may also set `footfall.started`, a
        `Started` for work that was done on the request earlier.
        """

        def logged(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            environ["footfall.request_id"] = new_uuid7()
            if environ.get("PATH_INFO") == _UNLOGGED:
                return application(environ, start_response)
            started_before = environ.get("footfall.started")
            at, clock, cpu_s = started_before or Started(time.time(), time.perf_counter(), 0.0)
            request = _Request(environ, at, clock, time.thread_time() - cpu_s)

            def started(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
                request.status = int(status[:3])
                return start_response(status, headers, exc_info)

            try:
                body = application(environ, started)
            except BaseException:
                request.status = 500
                self._done(request)
                raise
            return _Counted(body, request, self._done)

        return logged

    def error(self, environ: "WSGIEnvironment", user_action: str, failure: BaseException, status: int) -> None:
        """Logs one failure with its traceback; user_action: what the visitor was doing."""
        request_id, page_path = environ["footfall.request_id"], target_of(environ).partition("?")[0]
        self._write("error", error_record(self._app, request_id, _now_ms(), page_path, user_action, failure, status))

    def _done(self, request: "_Request") -> None:
        environ = request.environ
        duration_us = round((time.perf_counter() - request.began) * 1_000_000)
        cpu_us = round((time.thread_time() - request.cpu_began) * 1_000_000)
        arrived = environ.get("footfall.arrived_at")
        address = client_of(environ, self._trusted)
        served = Served(
            app_id=self._app,
            request_id=environ["footfall.request_id"],
            at_ms=round(request.at * 1000),
            duration_us=duration_us,
            address=truncate(address),
            method=loggable(environ.get("REQUEST_METHOD", "-"), 16),
            target=target_of(environ),
            protocol=loggable(environ.get("SERVER_PROTOCOL", "-"), 16),
            status=request.status,
            bytes_sent=request.bytes_sent,
            referrer=loggable_referrer(environ.get("HTTP_REFERER", "")),
            agent=loggable_agent(environ.get("HTTP_USER_AGENT", "")),
            endpoint=environ.get("footfall.endpoint", "unknown"),
            queue_us=None if arrived is None else max(0, round((request.at - arrived) * 1_000_000)),
            memory_bytes=self._memory.resident_bytes(),
            cpu_us=cpu_us,
        )
        self._files["access"].write(served.access_line())
        self._write("performance", served.performance_record())

    def _write(self, kind: str, record: dict[str, Any]) -> None:
        self._files[kind].write(json_line(record))


def error_record(
    app_id: str, request_id: str, at_ms: int, page_path: str, user_action: str, failure: BaseException, status: int
) -> dict[str, Any]:
    """The error log's record of one failure; at_ms: epoch milliseconds."""
    trace = "".join(traceback.format_exception(type(failure), failure, failure.__traceback__))
    return {
        "logged_at": format_rfc3339_ms(at_ms),
        "app_id": app_id,
        "request_id": request_id,
        "level": "error",
        "status": status,
        "code": type(failure).__name__,
        "message": str(failure)[:1000],
        "user_action": user_action,
        "page_path": page_path,
        # The end is kept, since the exception itself is there.
        "traceback": trace[-_LONGEST_TRACEBACK:],
    }


def json_line(record: dict[str, Any]) -> bytes:
    """The line of a record of the error or performance log, line end included."""
    # orjson refuses invalid Unicode; the text is then kept with replacement characters.
    try:
        return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        clean = {k: v.encode("utf-8", "replace").decode() if isinstance(v, str) else v for k, v in record.items()}
        return orjson.dumps(clean, option=orjson.OPT_APPEND_NEWLINE)


@dataclass(slots=True)
class _Request:
    environ: "WSGIEnvironment"
    at: float
    began: float
    cpu_began: float
    status: int = 0
    bytes_sent: int = 0


class _Counted:
    """Counts the bytes of a response's body while it is sent; the end of the body ends the request."""

    def __init__(self, body: Iterable[bytes], request: _Request, done: Callable[[_Request], None]) -> None:
        self._body = body
        self._request = request
        self._done = done

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._body:
            self._request.bytes_sent += len(chunk)
            yield chunk

    def close(self) -> None:
        """Called by the server exactly once, also when the request fails."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._done(self._request)


class _LogFile:
    """The open file of one kind of log; each line is one write to a file opened for appending."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder = folder
        self._kind = kind
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._hour = -1
        self._size = 0
        self._complained = False
        with self._lock:
            self._open(time.time())

    def write(self, line: bytes) -> None:
        now = time.time()
        with self._lock:
            try:
                if self._descriptor is None or int(now // 3600) != self._hour or self._size >= _LARGEST_FILE:
                    self._open(now)
                assert self._descriptor is not None
                self._size += os.write(self._descriptor, line)
                self._complained = False
            except OSError as error:
                # Answering the page matters more than its log line. The complaint appears once until writing works.
                if not self._complained:
                    print(f"The {self._kind} log cannot be written: {error}.", file=sys.stderr)
                self._complained = True

    def _open(self, now: float) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        moment = datetime.fromtimestamp(now, timezone.utc)
        name = f"{self._kind}-{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03d}Z.log"
        self._descriptor = os.open(self._folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._hour = int(now // 3600)
        self._size = 0


class _Memory:
    """Reads this process's memory use. The file stays open, since opening it costs more than reading it."""

    def __init__(self) -> None:
        try:
            self._descriptor = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._descriptor = -1  # not Linux
        else:
            weakref.finalize(self, os.close, self._descriptor)

    def resident_bytes(self) -> int | None:
        """The resident memory in bytes; None if the system does not report it."""
        if self._descriptor < 0:
            return None
        return int(os.pread(self._descriptor, 128, 0).split()[1]) * _PAGE_SIZE


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


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

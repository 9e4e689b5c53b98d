"""The three logs of a site: access, error and performance; one request, one line, whatever the request carries.

Files are named for the UTC time of their opening, `KIND-20261124T080000.123Z.log`: new at each start, each hour and at
64 MB, never renamed, so that whoever follows them neither rereads one nor loses its tail. No line holds a cookie, a
value of a query or a whole address.
"""

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from footfall.events.address import client_address, truncate
from footfall.events.identity import new_uuid7
from footfall.events.times import format_rfc3339_ms
from footfall.names import LOG_KINDS
from footfall.settings import Settings
from footfall.sites.logtext import loggable, target_of, without_query

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LARGEST_FILE: Final = 64 * 2**20
_LONGEST_TRACEBACK: Final = 16_000
_PAGE_SIZE: Final = os.sysconf("SC_PAGE_SIZE")
# Asked every 15 s by the platform itself; lines of it would only hide the visitors'.
_UNLOGGED: Final = "/healthz"
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class WebLogs:
    """The logs of one site's process. Its methods may be called from any thread and never raise for a full disk."""

    def __init__(self, settings: Settings, app: str) -> None:
        self._app = app
        self._trusted = settings.trusted_proxies
        folder = settings.logs_dir / "sites" / app
        folder.mkdir(parents=True, exist_ok=True)
        self._files: dict[str, _LogFile] = {kind: _LogFile(folder, kind) for kind in LOG_KINDS}

    def around(self, application: "WSGIApplication") -> "WSGIApplication":
        """`application` with a request id for each request, and a line in access and performance when it is done.

        The request id is put into the environment as `footfall.request_id`. `footfall.endpoint`, if the application
        sets it, names what answered; `footfall.arrived_at` (epoch seconds), if the server sets it, is when the request
        was complete: what passed since then it waited for a thread.
        """

        def logged(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            environ["footfall.request_id"] = new_uuid7()
            if environ.get("PATH_INFO") == _UNLOGGED:
                return application(environ, start_response)
            request = _Request(environ, time.time(), time.perf_counter(), time.thread_time())

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
        """Writes one failure with its traceback; `user_action` says what the visitor was doing."""
        trace = "".join(traceback.format_exception(type(failure), failure, failure.__traceback__))
        self._write(
            "error",
            {
                "logged_at": format_rfc3339_ms(_now_ms()),
                "app_id": self._app,
                "request_id": environ["footfall.request_id"],
                "level": "error",
                "status": status,
                "code": type(failure).__name__,
                "message": str(failure)[:1000],
                "user_action": user_action,
                "page_path": target_of(environ).partition("?")[0],
                # The end is kept: the failure itself stands there.
                "traceback": trace[-_LONGEST_TRACEBACK:],
            },
        )

    def _done(self, request: "_Request") -> None:
        environ = request.environ
        duration_us = round((time.perf_counter() - request.began) * 1_000_000)
        cpu_us = round((time.thread_time() - request.cpu_began) * 1_000_000)
        logged_ms = round(request.at * 1000)
        logged_at = format_rfc3339_ms(logged_ms)
        address = client_address(environ.get("REMOTE_ADDR"), environ.get("HTTP_X_FORWARDED_FOR"), self._trusted)
        method = loggable(environ.get("REQUEST_METHOD", "-"), 16)
        target = target_of(environ)
        protocol = loggable(environ.get("SERVER_PROTOCOL", "-"), 16)
        referrer = loggable(without_query(environ.get("HTTP_REFERER", "")) or "-", 1024)
        agent = loggable(environ.get("HTTP_USER_AGENT") or "-", 512)
        request_id = environ["footfall.request_id"]
        line = (
            f'{truncate(address) or "-"} - - [{_common_time(request.at)}] "{method} {target} {protocol}" '
            f'{request.status} {request.bytes_sent} "{referrer}" "{agent}" '
            f"{self._app} {request_id} {duration_us} {logged_at}\n"
        )
        self._files["access"].write(line.encode("ascii"))
        arrived = environ.get("footfall.arrived_at")
        self._write(
            "performance",
            {
                "logged_at": logged_at,
                "app_id": self._app,
                "request_id": request_id,
                "method": method,
                "endpoint": environ.get("footfall.endpoint", "unknown"),
                "page_path": target.partition("?")[0],
                "status": request.status,
                "duration_us": duration_us,
                "queue_us": None if arrived is None else max(0, round((request.at - arrived) * 1_000_000)),
                "bytes_sent": request.bytes_sent,
                "memory_bytes": _resident_bytes(),
                "cpu_us": cpu_us,
            },
        )

    def _write(self, kind: str, record: dict[str, Any]) -> None:
        # A text that is no valid Unicode cannot be encoded; what the sender wrote is then kept as far as it can be.
        try:
            line = orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
        except TypeError:
            clean = {k: v.encode("utf-8", "replace").decode() if isinstance(v, str) else v for k, v in record.items()}
            line = orjson.dumps(clean, option=orjson.OPT_APPEND_NEWLINE)
        self._files[kind].write(line)


@dataclass(slots=True)
class _Request:
    environ: "WSGIEnvironment"
    at: float
    began: float
    cpu_began: float
    status: int = 0
    bytes_sent: int = 0


class _Counted:
    """A response's body, counted while it is sent; its end ends the request."""

    def __init__(self, body: Iterable[bytes], request: _Request, done: Callable[[_Request], None]) -> None:
        self._body = body
        self._request = request
        self._done = done

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._body:
            self._request.bytes_sent += len(chunk)
            yield chunk

    def close(self) -> None:
        """Called by the server once, however the request ended."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._done(self._request)


class _LogFile:
    """One kind's open file; a line is one write to a file opened for appending."""

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
                # A page is worth more than its line. Said once, until lines can be written again.
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


def _common_time(at: float) -> str:
    moment = datetime.fromtimestamp(at, timezone.utc)
    # Months by hand: strftime's follow the locale.
    return f"{moment.day:02d}/{_MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000"


def _resident_bytes() -> int | None:
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[1]) * _PAGE_SIZE
    except OSError:
        return None  # no Linux


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

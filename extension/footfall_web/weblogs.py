"""Writes the three logs of a site: access, error and performance. Each request is one line, whatever it contains.

A file is named for the UTC time of its opening, `KIND-20261124T080000.123Z.log`. A new file begins at each start, each
hour and at 64 MB. Files are never renamed, so a follower neither rereads one nor loses its end. Several processes may
write to one folder, and even to one file: a line is one write to a file that is open for appending.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from footfall_web.addresses import network_of
from footfall_web.log_escaping import loggable, loggable_agent, loggable_referrer, target_of
from footfall_web.log_lines import Served, error_line

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# In the environment of each request: its id, and the name of the view that answers it, if the application says it.
REQUEST_ID: Final = "footfall.request_id"
ENDPOINT: Final = "footfall.endpoint"
KINDS: Final = ("access", "error", "performance")
_LARGEST_FILE: Final = 64 * 2**20
_FAILED: Final = "footfall.failed"


class Logs(Protocol):
    """The logs that a site writes about its requests. See `WebLogs`."""

    def around(self, application: "WSGIApplication") -> "WSGIApplication":
        """Wraps `application`, whose requests have an id."""

    def error(self, environ: "WSGIEnvironment", user_action: str, failure: BaseException, status: int) -> None:
        """Logs one failure."""


class Started(NamedTuple):
    """When the server began work on a request before it called the application, and the cost of that work.

    at: epoch seconds. clock: `time.perf_counter`. cpu_s: processor seconds.
    """

    at: float
    clock: float
    cpu_s: float


class WebLogs:
    """The logs of one site's process. Safe for any thread; no method raises if the disk is full."""

    def __init__(
        self,
        folder: Path,
        site: str,
        network: "Callable[[WSGIEnvironment], str | None] | None" = None,
        unlogged: Collection[str] = (),
    ) -> None:
        """folder: is made if it is missing. site: its app_id.

        network: the visitor's network, where the connection's address is not the visitor's. unlogged: paths without
        lines. Raises OSError.
        """
        self._site = site
        self._network = _connected if network is None else network
        self._unlogged = frozenset(unlogged)
        folder.mkdir(parents=True, exist_ok=True)
        self._files: dict[str, _LogFile] = {kind: _LogFile(folder, kind) for kind in KINDS}
        self._memory = _Memory()

    def around(self, application: "WSGIApplication") -> "WSGIApplication":
        """Wraps `application`: each request has an access and a performance line when it is done.

        The environment holds the request id as `footfall.request_id`. The application may set `footfall.endpoint`, the
        name of the view that answered. The server may set `footfall.arrived_at` (epoch seconds), the time at which the
        request was complete; the time since then was spent waiting for a thread. It may also set `footfall.started`, a
        `Started` for work that was done on the request earlier.
        """

        def logged(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            if environ.get("PATH_INFO") in self._unlogged:
                return application(environ, start_response)
            started_before = environ.get("footfall.started")
            at, clock, cpu_s = started_before or Started(time.time(), time.perf_counter(), 0.0)
            request = _Request(environ, at, clock, time.thread_time() - cpu_s)

            def started(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
                request.status = int(status[:3])
                return start_response(status, headers, exc_info)

            try:
                body = application(environ, started)
            except BaseException as failure:
                request.status = 500
                if _FAILED not in environ:
                    self.error(environ, f"{environ.get('REQUEST_METHOD', '-')} request", failure, 500)
                self._done(request)
                raise
            return _Counted(body, request, self._done)

        return logged

    def error(self, environ: "WSGIEnvironment", user_action: str, failure: BaseException, status: int) -> None:
        """Logs one failure with its traceback; user_action: what the visitor was doing."""
        environ[_FAILED] = True
        request_id, page_path = environ[REQUEST_ID], target_of(environ).partition("?")[0]
        at_ms = time.time_ns() // 1_000_000
        line = error_line(self._site, request_id, at_ms, page_path, user_action, failure, status)
        self._files["error"].write(line)

    def _done(self, request: "_Request") -> None:
        environ = request.environ
        duration_us = round((time.perf_counter() - request.began) * 1_000_000)
        cpu_us = round((time.thread_time() - request.cpu_began) * 1_000_000)
        arrived = environ.get("footfall.arrived_at")
        served = Served(
            app_id=self._site,
            request_id=environ[REQUEST_ID],
            at_ms=round(request.at * 1000),
            duration_us=max(0, duration_us),
            address=self._network(environ),
            method=loggable(environ.get("REQUEST_METHOD", "-"), 16),
            target=target_of(environ),
            protocol=loggable(environ.get("SERVER_PROTOCOL", "-"), 16),
            status=request.status,
            bytes_sent=request.bytes_sent,
            referrer=loggable_referrer(environ.get("HTTP_REFERER", "")),
            agent=loggable_agent(environ.get("HTTP_USER_AGENT", "")),
            endpoint=environ.get(ENDPOINT, "unknown"),
            queue_us=None if arrived is None else max(0, round((request.at - arrived) * 1_000_000)),
            memory_bytes=self._memory.resident_bytes(),
            # A server may let another thread send the rest of the body.
            cpu_us=max(0, cpu_us),
        )
        self._files["access"].write(served.access_line())
        self._files["performance"].write(served.performance_line())


def _connected(environ: "WSGIEnvironment") -> str | None:
    return network_of(environ.get("REMOTE_ADDR"))


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
        self._complained = False
        with self._lock:
            self._open(time.time())

    def write(self, line: bytes) -> None:
        now = time.time()
        with self._lock:
            try:
                if self._descriptor is None or int(now // 3600) != self._hour or self._is_over(self._descriptor):
                    self._open(now)
                assert self._descriptor is not None
                os.write(self._descriptor, line)
                self._complained = False
            except OSError as error:
                # Answering the page matters more than its log line. The complaint appears once until writing works.
                if not self._complained:
                    print(f"The {self._kind} log cannot be written: {error}.", file=sys.stderr)
                self._complained = True

    def _is_over(self, descriptor: int) -> bool:
        """Whether the file is full, by what all processes wrote, or was deleted as one that nobody writes any more."""
        status = os.fstat(descriptor)
        return status.st_size >= _LARGEST_FILE or status.st_nlink == 0

    def _open(self, now: float) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        moment = datetime.fromtimestamp(now, timezone.utc)
        name = f"{self._kind}-{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03d}Z.log"
        self._descriptor = os.open(self._folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        self._hour = int(now // 3600)


class _Memory:
    """Reads this process's memory use. The file stays open, since opening it costs more than reading it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # A server that forks after the application was made would otherwise report its parent's memory.
        self._process = 0
        self._descriptor = -1

    def resident_bytes(self) -> int | None:
        """The resident memory in bytes; None if the system does not report it."""
        try:
            if self._process != os.getpid():
                self._open()
            return int(os.pread(self._descriptor, 128, 0).split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, AttributeError):
            return None  # not Linux

    def _open(self) -> None:
        with self._lock:
            if self._process == os.getpid():
                return
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._descriptor = -1
            self._descriptor = os.open("/proc/self/statm", os.O_RDONLY)
            self._process = os.getpid()

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

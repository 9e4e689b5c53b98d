"""The process of one demo site, `python -m footfall.sites.server APP`, with its pages and its collector.

`python -m footfall.sites.server collector` is the collector of all sites that have no server of their own.

A page is served by a thread of a pool. A request to `/collect` occupies no thread while it waits for Kafka: the loop
that reads the connections processes and sends it, and answers it once it is stored. With a thread for each of these
requests, most of the time went into switching threads.
"""

import contextlib
import logging
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import FrameType
from typing import Any, Final

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ThreadedTaskDispatcher, WSGITask
from waitress.trigger import trigger

from footfall.recommendations.reader import Reader
from footfall.secret_files import EmptySecret
from footfall.settings import Settings, SettingsError, load_settings
from footfall.site_addresses import COLLECTOR
from footfall.site_registry import DEMO_SITES
from footfall.sites import collector_app
from footfall.sites.app import create_app
from footfall.sites.collector import BEGUN, Collector, PendingRequest
from footfall.sites.collectors import Collectors
from footfall.sites.outcome import LARGEST_BODY
from footfall.sites.spool import SpoolLocked
from footfall_web.weblogs import Started

log = logging.getLogger(__name__)

# While Kafka is unavailable, each thread waits for the disk; threads that wait at the same time share an fsync.
_THREADS: Final = 24
_CONNECTIONS: Final = 1000
# Beyond these, each new connection ends the one that has waited for its next request the longest. Otherwise a thousand
# idle connections would keep out everybody else.
_MOST_WAITING: Final = 900
# Batches of the tracker are far smaller. A body of 256 KiB that was made for it takes tens of milliseconds to decide
# about, in which the loop would read and answer nothing.
_LARGEST_IN_LOOP: Final = 64 * 1024


def main() -> None:
    """Serves until SIGTERM; then answers the requests that have arrived, sends the queued events, and ends."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # Otherwise each busy moment of the threads would be a line.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    arguments = sys.argv[1:]
    name = next((name for name in (*DEMO_SITES, COLLECTOR) if [name] == arguments), None)
    if name is None:
        sys.exit(f"Name one of: {', '.join(DEMO_SITES)}, {COLLECTOR}.")
    try:
        settings = load_settings()
        collector = Collectors(settings) if name == COLLECTOR else Collector(settings, name)
    except (SettingsError, SpoolLocked) as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"The spool of {name} cannot be used: {error}.")
    collector.start()
    try:
        _serve(settings, name, collector)
    except EmptySecret as error:
        sys.exit(str(error))
    finally:
        collector.close()


def _application(settings: Settings, name: str, collector: Collector | Collectors) -> Flask:
    if isinstance(collector, Collectors):
        return collector_app.create_app(settings, collector)
    return create_app(name, settings, collector, lists=Reader(settings.address("hbase_thrift")))


def _serve(settings: Settings, name: str, collector: Collector | Collectors) -> None:
    connections: dict[int, object] = {}
    dispatcher = _Dispatcher(collector, _Wake(connections))
    try:
        server = create_server(
            _application(settings, name, collector),
            map=connections,
            _dispatcher=dispatcher,
            host=settings.bind,
            port=settings.port(name),
            connection_limit=_CONNECTIONS,
            # Flask refuses a body above the limit with a sentence; a body far above it is not even read.
            max_request_body_size=2 * LARGEST_BODY,
            max_request_header_size=32 * 1024,
            inbuf_overflow=4 * LARGEST_BODY,
            # The collector itself decides which X-Forwarded-For headers to trust.
            clear_untrusted_proxy_headers=False,
            ident=None,
            asyncore_use_poll=True,
        )
    except OSError as error:
        sys.exit(f"Nothing can listen on {settings.bind}:{settings.port(name)}: {error.strerror}.")
    server.channel_class = _Channel
    signal.signal(signal.SIGTERM, dispatcher.end)
    log.info("%s listens on %s:%d", name, settings.bind, settings.port(name))
    # Returns after SystemExit, once the requests that had arrived are answered.
    server.run()


class _Task(WSGITask):
    def get_environment(self) -> dict[str, Any]:
        known: dict[str, Any] | None = self.channel.environment
        if known is not None:
            self.channel.environment = None
            return known
        environment: dict[str, Any] = super().get_environment()
        environment["footfall.arrived_at"] = self.channel.arrived_at
        return environment

    def write(self, data: bytes) -> None:
        if self.wrote_header:
            super().write(data)
            return
        with self.channel.together():
            super().write(data)


class _Channel(HTTPChannel):
    """A connection that records when its last bytes arrived: the time since then, a request waited for a thread."""

    task_class = _Task
    arrived_at = 0.0
    # The environment of the first request, if the collector has been asked about it: it holds what the collector found.
    environment: dict[str, Any] | None = None
    # The pieces to be sent together, while they are being collected.
    _held: list[bytes] | None = None

    def __init__(self, server: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(server, *arguments, **options)
        # Since when this connection waits for the rest of its next request, by the monotonic clock.
        self.waits_since = time.monotonic()
        if len(server.active_channels) > _MOST_WAITING:
            _end_longest_wait(server.active_channels.values())

    def received(self, data: bytes) -> bool:
        self.arrived_at = time.time()
        return bool(super().received(data))

    def service(self) -> None:
        """Answers the first request."""
        super().service()
        self.waits_since = time.monotonic()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Sends everything written in this context as one piece: a send costs more than building an answer."""
        held = self._held = []
        try:
            yield
        finally:
            self._held = None
        super().write_soon(b"".join(held))

    def write_soon(self, data: Any) -> int:
        """Writes like waitress, or collects the data while `together` is active."""
        if self._held is None:
            return int(super().write_soon(data))
        self._held.append(data)
        return len(data)

    def begin(self, collector: Collector | Collectors) -> PendingRequest | None:
        """Begins to process the first request if it is for the collector, and not so large that a thread must do it."""
        request = self.requests[0]
        if request.error:
            return None
        at, clock, cpu_s = time.time(), time.perf_counter(), time.thread_time()
        environment = _Task(self, request).get_environment()
        # What is compressed may be large, too.
        if int(environment.get("CONTENT_LENGTH") or 0) > _LARGEST_IN_LOOP or "HTTP_CONTENT_ENCODING" in environment:
            return None
        begun = collector.begin(environment)
        if begun is not None:
            environment[BEGUN] = begun
            environment["footfall.started"] = Started(at, clock, time.thread_time() - cpu_s)
        self.environment = environment
        return begun


def _end_longest_wait(channels: Iterable[_Channel]) -> None:
    waiting = [channel for channel in channels if not channel.requests and not channel.will_close]
    if waiting:
        # The loop closes it in its next step.
        min(waiting, key=lambda channel: channel.waits_since).will_close = True


class _Wake(trigger):
    """Lets other threads, and signal handlers, make the loop call `run`."""

    def __init__(self, connections: dict[int, object]) -> None:
        super().__init__(connections)
        self.run: Callable[[], None] = lambda: None

    def handle_read(self) -> None:
        """Called by the loop, once for any number of triggers."""
        with contextlib.suppress(OSError):
            self.recv(8192)
        self.run()


class _Dispatcher(ThreadedTaskDispatcher):
    """Sends pages to threads, and `/collect` requests to the loop, or to a thread if they have to wait for the disk."""

    def __init__(self, collector: Collector | Collectors, wake: _Wake) -> None:
        super().__init__()
        self._collector = collector
        self._wake = wake
        self._begun: set[_Channel] = set()
        self._stored: deque[_Channel] = deque()
        # Whether the loop has been woken for the entries of `_stored`.
        self._woken = False
        self._ending = False
        wake.run = self._run
        self.set_thread_count(_THREADS)

    def add_task(self, task: _Channel) -> None:
        """Takes the first request of a channel."""
        begun = task.begin(self._collector)
        if begun is None:
            super().add_task(task)
            return
        self._begun.add(task)
        self._collector.notify(begun, partial(self._ready, task, begun))

    def shutdown(self, cancel_pending: bool = True, timeout: int = 5) -> bool:
        """Answers the requests that have begun, then shuts down like waitress."""
        until = time.monotonic() + timeout
        while (self._begun or self.queue) and time.monotonic() < until:
            self._answer_stored()
            time.sleep(0.01)
        return bool(super().shutdown(cancel_pending, timeout))

    def end(self, _number: int, _frame: FrameType | None) -> None:
        """Makes the loop end after its current step, since a signal may interrupt that step."""
        self._ending = True
        self._wake.pull_trigger()

    def _run(self) -> None:
        self._answer_stored()
        if self._ending:
            raise SystemExit(0)

    def _ready(self, channel: _Channel, begun: PendingRequest) -> None:
        if begun.blocks:
            self._begun.discard(channel)
            super().add_task(channel)
            return
        self._stored.append(channel)
        if not self._woken:
            self._woken = True
            self._wake.pull_trigger()

    def _answer_stored(self) -> None:
        # Cleared first, so that a channel that is added from now on wakes the loop again.
        self._woken = False
        while self._stored:
            channel = self._stored.popleft()
            self._begun.discard(channel)
            try:
                channel.service()
            except Exception:
                # Like waitress's threads: one failed request must not end the loop.
                log.exception("a request could not be answered")


if __name__ == "__main__":
    main()

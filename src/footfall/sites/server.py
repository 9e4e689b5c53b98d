"""One demo site's process: `python -m footfall.sites.server APP`. Pages and collector, one process, threads inside.

A page has a thread to itself. What is posted to `/collect` has none while it waits for Kafka: the loop that reads the
connections decides and sends it, and answers it when it is stored. With a thread for each of them, most of the time
went into passing the interpreter around.
"""

import contextlib
import logging
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType
from typing import Any, Final

from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ThreadedTaskDispatcher, WSGITask
from waitress.trigger import trigger

from footfall.settings import Settings, SettingsError, load_settings
from footfall.site_registry import DEMO_SITES, DemoSite
from footfall.sites.app import create_app
from footfall.sites.collector import LARGEST_BODY, Begun, Collector
from footfall.sites.spool import SpoolLocked
from footfall.sites.weblogs import Started

log = logging.getLogger(__name__)

# While Kafka is away, each waits for the disk, and those that do so together share an fsync.
_THREADS: Final = 24
_CONNECTIONS: Final = 1000


def main() -> None:
    """Serves until SIGTERM; then answers what has arrived, sends what is queued, and ends."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # Each pause of a client would be a line.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    arguments = sys.argv[1:]
    app_id = next((app for app in DEMO_SITES if [app] == arguments), None)
    if app_id is None:
        sys.exit(f"Name one site: {', '.join(DEMO_SITES)}.")
    try:
        settings = load_settings()
        collector = Collector(settings, app_id)
    except (SettingsError, SpoolLocked) as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"The spool of {app_id} cannot be used: {error}.")
    collector.start()
    try:
        _serve(settings, app_id, collector)
    finally:
        collector.close()


def _serve(settings: Settings, app_id: DemoSite, collector: Collector) -> None:
    connections: dict[int, object] = {}
    dispatcher = _Dispatcher(collector, _Wake(connections))
    try:
        server = create_server(
            create_app(app_id, settings, collector),
            map=connections,
            _dispatcher=dispatcher,
            host=settings.bind,
            port=settings.port(app_id),
            connection_limit=_CONNECTIONS,
            # Flask answers a body beyond the bound with a sentence; one far beyond it is not even read.
            max_request_body_size=2 * LARGEST_BODY,
            max_request_header_size=32 * 1024,
            inbuf_overflow=4 * LARGEST_BODY,
            # The collector decides itself whose X-Forwarded-For it believes.
            clear_untrusted_proxy_headers=False,
            ident=None,
            asyncore_use_poll=True,
        )
    except OSError as error:
        sys.exit(f"Nothing can listen on {settings.bind}:{settings.port(app_id)}: {error.strerror}.")
    server.channel_class = _Channel
    signal.signal(signal.SIGTERM, dispatcher.end)
    log.info("%s listens on %s:%d", app_id, settings.bind, settings.port(app_id))
    # Returns after SystemExit, when the requests that had arrived are answered.
    server.run()


class _Task(WSGITask):
    def get_environment(self) -> dict[str, Any]:
        begun: dict[str, Any] | None = self.channel.begun_environment
        if begun is not None:
            self.channel.begun_environment = None
            return begun
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
    """A connection that knows when its last bytes came: what passed since then, a request waited for a thread."""

    task_class = _Task
    arrived_at = 0.0
    # Of the first request, if its work has begun.
    begun_environment: dict[str, Any] | None = None
    # What is to be sent as one piece, while that is so.
    _held: list[bytes] | None = None

    def received(self, data: bytes) -> bool:
        self.arrived_at = time.time()
        return bool(super().received(data))

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Sends what is written meanwhile as one piece: to send costs more than to make an answer."""
        held = self._held = []
        try:
            yield
        finally:
            self._held = None
        super().write_soon(b"".join(held))

    def write_soon(self, data: Any) -> int:
        """As waitress does it, but for what is held."""
        if self._held is None:
            return int(super().write_soon(data))
        self._held.append(data)
        return len(data)

    def begin(self, collector: Collector) -> Begun | None:
        """Begins with the first request if it is one for the collector."""
        request = self.requests[0]
        if request.error:
            return None
        at, clock, cpu_s = time.time(), time.perf_counter(), time.thread_time()
        environment = _Task(self, request).get_environment()
        begun = collector.begin(environment)
        if begun is None:
            return None
        environment["footfall.begun"] = begun
        environment["footfall.started"] = Started(at, clock, time.thread_time() - cpu_s)
        self.begun_environment = environment
        return begun


class _Wake(trigger):
    """Something in the loop's own map that other threads, and signals, can have it run."""

    def __init__(self, connections: dict[int, object]) -> None:
        super().__init__(connections)
        self.run: Callable[[], None] = lambda: None

    def handle_read(self) -> None:
        """Called by the loop, once for however many pulls."""
        with contextlib.suppress(OSError):
            self.recv(8192)
        self.run()


class _Dispatcher(ThreadedTaskDispatcher):
    """Gives pages to threads, and what is posted to `/collect` to the loop, or to a thread if it waits for the disk."""

    def __init__(self, collector: Collector, wake: _Wake) -> None:
        super().__init__()
        self._collector = collector
        self._wake = wake
        self._begun: set[_Channel] = set()
        self._stored: deque[_Channel] = deque()
        # Whether the loop has been woken for what stands there.
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
        self._collector.tell(begun, partial(self._ready, task, begun))

    def shutdown(self, cancel_pending: bool = True, timeout: int = 5) -> bool:
        """As waitress does it; before, what has begun is answered."""
        until = time.monotonic() + timeout
        while (self._begun or self.queue) and time.monotonic() < until:
            self._answer_stored()
            time.sleep(0.01)
        return bool(super().shutdown(cancel_pending, timeout))

    def end(self, _number: int, _frame: FrameType | None) -> None:
        """Has the loop end after what it does now: a signal comes in the middle of it."""
        self._ending = True
        self._wake.pull_trigger()

    def _run(self) -> None:
        self._answer_stored()
        if self._ending:
            raise SystemExit(0)

    def _ready(self, channel: _Channel, begun: Begun) -> None:
        if begun.blocks:
            self._begun.discard(channel)
            super().add_task(channel)
            return
        self._stored.append(channel)
        if not self._woken:
            self._woken = True
            self._wake.pull_trigger()

    def _answer_stored(self) -> None:
        # First, so that whoever adds one from now on wakes the loop again.
        self._woken = False
        while self._stored:
            channel = self._stored.popleft()
            self._begun.discard(channel)
            try:
                channel.service()
            except Exception:
                # As in a thread of waitress's: one request may not end the loop.
                log.exception("a request could not be answered")


if __name__ == "__main__":
    main()

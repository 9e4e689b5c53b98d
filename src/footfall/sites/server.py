"""One site's process: `python -m footfall.sites.server APP`. Pages and collector, one process, threads inside."""

import logging
import signal
import sys
import time
from types import FrameType
from typing import Any, Final

from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import WSGITask

from footfall.names import APP_IDS, AppId
from footfall.settings import Settings, SettingsError, load_settings
from footfall.sites.app import create_app
from footfall.sites.collector import LARGEST_BODY, Collector
from footfall.sites.spool import SpoolLocked

log = logging.getLogger(__name__)

# A request waits for Kafka's report most of its time; while Kafka is away, at most two seconds each.
_THREADS: Final = 24
_CONNECTIONS: Final = 1000


def main() -> None:
    """Serves until SIGTERM; then answers what has arrived, sends what is queued, and ends."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # Each pause of a client would be a line.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    arguments = sys.argv[1:]
    app_id = next((app for app in APP_IDS if [app] == arguments), None)
    if app_id is None:
        sys.exit(f"Name one site: {', '.join(APP_IDS)}.")
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


def _serve(settings: Settings, app_id: AppId, collector: Collector) -> None:
    try:
        server = create_server(
            create_app(app_id, settings, collector),
            host=settings.bind,
            port=settings.port(app_id),
            threads=_THREADS,
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
    signal.signal(signal.SIGTERM, _end)
    log.info("%s listens on %s:%d", app_id, settings.bind, settings.port(app_id))
    # Returns after SystemExit, when the requests that had arrived are answered.
    server.run()


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


class _Task(WSGITask):
    def get_environment(self) -> dict[str, Any]:
        environment: dict[str, Any] = super().get_environment()
        environment["footfall.arrived_at"] = self.channel.arrived_at
        return environment


class _Channel(HTTPChannel):
    """A connection that knows when its last bytes came: what passed since then, a request waited for a thread."""

    task_class = _Task
    arrived_at = 0.0

    def received(self, data: bytes) -> bool:
        self.arrived_at = time.time()
        return bool(super().received(data))


if __name__ == "__main__":
    main()

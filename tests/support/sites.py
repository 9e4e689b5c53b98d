"""The sites without engines: a collector that only stores events in memory, and a server in a thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from flask import Flask
from werkzeug.serving import make_server
from werkzeug.wrappers import Request

from footfall.recommendations.reads import Reads
from footfall.settings import Settings
from footfall.sites.app import create_app
from footfall_web import Answer


class Remembering:
    """Stores everything that is posted to `/collect`, request by request, and answers with `status`.

    said: the body of the answer; None for what the collector says with that status.
    """

    def __init__(self) -> None:
        self.status = 202
        self.said: str | None = None
        self.requests: list[tuple[int, str, list[dict[str, Any]]]] = []

    def collect(self, environ: Any) -> Answer:
        """Stores the events of a request. See `footfall.sites.in_process.Collecting`."""
        request = Request(environ)
        body = orjson.loads(request.get_data())
        events = body if isinstance(body, list) else [body]
        self.requests.append((self.status, request.mimetype, events))
        if self.said is not None:
            return Answer(self.status, [("Content-Type", "text/html; charset=utf-8")], self.said.encode())
        answer: dict[str, object] = {"accepted": len(events), "rejected": []}
        if self.status != 202:
            answer = {"error": "unavailable", "detail": "Nothing can be stored at the moment."}
        return Answer(self.status, [("Content-Type", "application/json")], orjson.dumps(answer))

    def health(self) -> dict[str, object]:
        """The content of `/healthz`."""
        return {"ok": True}

    def events(self, event_type: str | None = None) -> list[dict[str, Any]]:
        """The accepted events, each once, in the order of arrival."""
        found = {e["event_id"]: e for status, _, events in self.requests if status == 202 for e in reversed(events)}
        once = [e for e in {**found}.values() if event_type in (None, e["event_type"])]
        return sorted(once, key=lambda e: (e["occurred_at"], e["seq"]))


def make_site(
    home: Path, app_id: str, collector: Remembering | None = None, lists: Reads | None = None
) -> tuple[Flask, Settings]:
    """The site `app_id` with its own home, and a collector that stores events in memory. lists: see `create_app`."""
    settings = Settings(home=home)
    return create_app(app_id, settings, collector or Remembering(), lists=lists), settings


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serves the site on a free port of this machine; yields its address without a slash at the end."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""A web server that answers as Airflow's API does, as far as a test says. It imitates no scheduler."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

from footfall.settings import Ports, Settings
from footfall.workflows.client import password


class Asked(NamedTuple):
    """A request. token: of its login, without `Bearer`."""

    method: str
    path: str
    body: Any
    token: str


class MadeUpAirflow(ThreadingHTTPServer):
    """`answers` maps `METHOD PATH` (without its query) to a status and a document, or to several in turn.

    Logins are answered unless a test says how.
    """

    daemon_threads = True

    def __init__(self, home: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.settings = Settings(home=home, ports=Ports(airflow=self.server_address[1]))
        self.answers: dict[str, Any] = {}
        self.asked: list[Asked] = []
        self.logins = 0

    def paths(self, method: str) -> list[str]:
        """The paths that were asked for with this method."""
        return [asked.path for asked in self.asked if asked.method == method]


class _Handler(BaseHTTPRequestHandler):
    server: MadeUpAirflow

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        path = self.path.partition("?")[0]
        self.server.asked.append(Asked(self.command, self.path, body, token))
        status, document = self._chosen(f"{self.command} {path}", body)
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _chosen(self, asked: str, body: Any) -> tuple[int, Any]:
        answer = self.server.answers.get(asked)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if answer is not None:
            return answer  # type: ignore[no-any-return]
        if asked == "POST /auth/token":
            if body != {"username": "footfall", "password": password(self.server.settings)}:
                return 401, {"detail": "Invalid credentials"}
            self.server.logins += 1
            return 201, {"access_token": f"token-{self.server.logins}"}
        return 404, {"detail": "Not Found"}

    do_GET = do_POST = do_PATCH = _answer

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def made_up_airflow(home: Path) -> Iterator[MadeUpAirflow]:
    """The running server."""
    with MadeUpAirflow(home) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()

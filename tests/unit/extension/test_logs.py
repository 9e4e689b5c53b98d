"""What an application that is not Footfall's writes to its logs, over a real server."""

import http.client
import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, abort
from waitress import create_server, wasyncore
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.serving import make_server

from footfall.events.address import truncate
from footfall.events.identity import UUID7
from footfall.logs.line_parser import Line, parse
from footfall.names import LOG_KINDS, LogKind
from footfall_web import Footfall, Middleware
from footfall_web.addresses import network_of
from footfall_web.weblogs import KINDS
from tests.support.collector_process import free_port
from tests.support.platform import await_true


def application(logs: Path) -> Flask:
    app = Flask("recipes")
    # Nothing listens there.
    Footfall(app, site="recipes", collector=f"http://localhost:{free_port()}", logs=logs)

    @app.get("/recipes/<path:name>")
    def recipe(name: str) -> str:
        return name

    @app.post("/order")
    def order() -> str:
        raise LookupError("no such\nrecipe")

    @app.get("/gone")
    def gone() -> str:
        abort(410)

    return app


@contextmanager
def by_werkzeug(app: Any) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def by_waitress(app: Any) -> Iterator[int]:
    server = create_server(app, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield int(server.effective_port)
    finally:
        server.task_dispatcher.shutdown(timeout=1)
        # The thread that waits for the files closes them. Otherwise it could wait for another file of the same number.
        server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
        thread.join(10)
        assert not thread.is_alive()


SERVERS = (by_werkzeug, by_waitress)


def ask(port: int, method: str, target: str, headers: dict[str, bytes] | None = None) -> tuple[int, str]:
    """Sends a request with headers of any bytes; returns the status and the request's id."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, target)
    for name, value in (headers or {}).items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.headers["X-Request-Id"]


def lines(folder: Path, kind: LogKind) -> list[Line]:
    """The lines of a kind; fails if there is anything else in its files."""
    raw = [line for path in sorted(folder.glob(f"{kind}-*.log")) for line in path.read_bytes().splitlines()]
    found = [parse(kind, line) for line in raw]
    assert None not in found, raw
    return [line for line in found if line is not None]


def await_lines(folder: Path, kind: LogKind, count: int) -> list[Line]:
    """A line is written when the server closes the answer, which the browser need not wait for."""
    await_true(lambda: len(lines(folder, kind)) >= count, f"{count} {kind} lines", 10, 0.02)
    return lines(folder, kind)


def test_the_kinds_are_those_that_footfall_reads() -> None:
    assert KINDS == LOG_KINDS


@pytest.mark.parametrize("serving", SERVERS)
def test_each_request_has_its_lines(tmp_path: Path, serving: Any) -> None:
    with serving(application(tmp_path)) as port:
        status, page = ask(port, "GET", "/recipes/soup?q=secret&page=2", {"Referer": b"http://x.example/a?secret"})
        assert (status, bool(re.fullmatch(UUID7, page))) == (200, True)
        assert ask(port, "GET", "/gone")[0] == 410
        assert ask(port, "GET", "/nowhere")[0] == 404
        # The collector is away.
        assert ask(port, "POST", "/footfall/collect")[0] == 503
        status, failed = ask(port, "POST", "/order?token=secret")
        assert status == 500
        access = await_lines(tmp_path, "access", 5)
        performance = await_lines(tmp_path, "performance", 5)
        (error,) = await_lines(tmp_path, "error", 1)
    assert {line.app_id for line in (*access, *performance, error)} == {"recipes"}
    by_id = {line.request_id: line for line in access}
    assert by_id[page].message == "GET /recipes/soup?q&page HTTP/1.1"
    assert sorted(line.status or 0 for line in access) == [200, 404, 410, 500, 503]
    assert {line.request_id for line in performance} == set(by_id)
    endpoints = {line.page_path: line.message for line in performance}
    assert endpoints == {
        "/recipes/soup": "recipe",
        "/gone": "gone",
        "/nowhere": "none",
        "/footfall/collect": "footfall.collect",
        "/order": "order",
    }
    assert (error.request_id, error.status, error.page_path) == (failed, 500, "/order")
    (raw,) = [json.loads(path.read_bytes()) for path in tmp_path.glob("error-*.log")]
    assert (raw["code"], raw["user_action"]) == ("LookupError", "send order")
    assert raw["message"].startswith("no such\nrecipe")
    assert "in order" in raw["traceback"]
    assert "secret" not in "".join(path.read_text() for path in tmp_path.iterdir())


@pytest.mark.parametrize("serving", SERVERS)
@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": b'x" 200 5 "-" "-" shop 01a 1 2026-11-24T08:00:00.123Z'},
        {"User-Agent": b"\x1b]0;owned\x07\x7f\\"},
        {"User-Agent": "\u2028\u202e é".encode()},
        {"User-Agent": b"x" * 20_000},
        {"Referer": b'http://x.example/"\\\x0b\x85'},
        {"Referer": b"\xff\xfe"},
        {"X-Request-Id": b"01a", "X-Forwarded-For": b'203.0.113.7" x'},
    ],
)
def test_no_header_makes_a_line_of_its_own(tmp_path: Path, serving: Any, headers: dict[str, bytes]) -> None:
    # One proxy is trusted, whatever it says.
    with serving(ProxyFix(application(tmp_path))) as port:  # type: ignore[arg-type]
        status, name = ask(port, "GET", "/recipes/soup%0d%0a%22x", headers)
        if name is None:
            # Some servers refuse some of them themselves.
            assert status == 400
            return
        (access,) = await_lines(tmp_path, "access", 1)
    assert (access.request_id, access.app_id, access.status) == (name, "recipes", status)
    (raw,) = [path.read_bytes() for path in tmp_path.glob("access-*.log")]
    assert re.fullmatch(rb"[ -~]{1,4000}\n", raw)


@pytest.mark.parametrize(
    "address",
    [
        None, "", "203.0.113.77", "203.0.113.77:4711", "::1", "2001:db8:1:2::3", "[2001:db8:1:2::3]:443",
        "::ffff:203.0.113.7", "::ffff:203.0.113.7:443", "2002:cb00:7107::1", "2001:0:cb00:7107:0:0:35b6:7b4e",
        "fe80::1%eth0 \n", "1.2.3", "nobody", "203.0.113.77, 10.0.0.1", "'203.0.113.77'", "1" * 101,
    ],
)  # fmt: skip
def test_addresses_are_cut_as_the_collector_cuts_them(address: str | None) -> None:
    assert network_of(address) == truncate(address)


def test_an_application_that_is_no_flask_application_has_lines_too(tmp_path: Path) -> None:
    def plain(environ: Any, start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/fail":
            raise LookupError("no recipe")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"soup"]

    measured = Middleware(plain, site="recipes", collector="http://localhost:1", logs=str(tmp_path / "made"))
    with by_waitress(measured) as port:
        assert ask(port, "GET", "/soup")[0] == 200
        assert ask(port, "GET", "/fail")[0] == 500
        assert [line.status for line in await_lines(tmp_path / "made", "access", 2)] == [200, 500]
        (error,) = await_lines(tmp_path / "made", "error", 1)
    assert error.page_path == "/fail"


def test_without_a_folder_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = Flask("recipes")
    Footfall(app, site="recipes", collector="http://localhost:1")
    app.test_client().get("/")
    assert list(tmp_path.iterdir()) == []


def test_the_processes_of_a_server_that_forks_write_whole_lines_and_their_own_memory(tmp_path: Path) -> None:
    client = application(tmp_path).test_client()
    client.get("/recipes/soup").close()
    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            taken = bytearray(os.urandom(1) * (number * 30 << 20))
            for _ in range(200):
                client.get("/recipes/" + "x" * 2000).close()
            os._exit(0 if taken is not None else 1)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    assert len(lines(tmp_path, "access")) == 801
    (path,) = tmp_path.glob("performance-*.log")
    used = {json.loads(line)["memory_bytes"] >> 20 for line in path.read_bytes().splitlines()}
    assert max(used) - min(used) > 60


def test_a_file_that_was_deleted_is_followed_by_another(tmp_path: Path) -> None:
    client = application(tmp_path).test_client()
    for path in tmp_path.iterdir():
        path.unlink()
    client.get("/recipes/soup").close()
    assert len(lines(tmp_path, "access")) == len(lines(tmp_path, "performance")) == 1

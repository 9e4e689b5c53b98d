"""The dashboard behind its gate: a real Streamlit process, asked with real requests."""

import base64
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import NamedTuple

import pytest

from footfall.dashboard import command, password
from footfall.settings import Ports, Settings
from tests.support.platform import await_true

_SOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": base64.b64encode(b"0123456789abcdef").decode(),
    "Sec-WebSocket-Version": "13",
}


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]


class Dashboard:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.port = settings.port("dashboard")
        self.process = subprocess.Popen(
            command(settings), env={**os.environ, **settings.as_environment()}, stderr=subprocess.PIPE
        )

    def ask(self, path: str = "/", **headers: str) -> Answer:
        """Underscores in the names of headers stand for hyphens."""
        asked = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            asked.request("GET", path, headers={"Host": f"localhost:{self.port}"} | given)
            answer: HTTPResponse = asked.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()})
        finally:
            asked.close()

    def socket(self, **headers: str) -> int:
        """The status with which the WebSocket's handshake is answered; 101: it is open."""
        return self.ask("/_stcore/stream", **_SOCKET, **headers).status

    def lives(self) -> bool:
        try:
            return self.ask("/_stcore/health").status == 200
        except OSError:
            assert self.process.poll() is None
            return False


@contextmanager
def running(home: Path, **changed: object) -> Iterator[Dashboard]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = Settings(home=home, port_offset=0, ports=Ports(dashboard=port), **changed)  # type: ignore[arg-type]
    dashboard = Dashboard(settings)
    try:
        await_true(dashboard.lives, 90)
        yield dashboard
    finally:
        dashboard.process.terminate()
        dashboard.process.communicate(timeout=30)


@pytest.fixture(scope="module")
def on_loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with running(tmp_path_factory.mktemp("home"), host_names=("insight.example.org",)) as dashboard:
        yield dashboard


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with running(tmp_path_factory.mktemp("home"), dashboard_bind="0.0.0.0") as dashboard:
        yield dashboard


def test_on_loopback_its_own_names_need_no_password(on_loopback: Dashboard) -> None:
    for host in ("localhost", "127.0.0.1:8501", "insight.example.org"):
        assert on_loopback.ask(Host=host).status == 200
        assert on_loopback.socket(Host=host, Origin=f"http://{host}") == 101


def test_a_page_that_rebinds_its_name_reads_nothing(on_loopback: Dashboard) -> None:
    rebound = f"evil.example:{on_loopback.port}"
    assert on_loopback.ask(Host=rebound).status == 421
    assert on_loopback.ask("/_stcore/health", Host=rebound).status == 421
    assert on_loopback.socket(Host=rebound, Origin=f"http://{rebound}") == 403
    assert on_loopback.socket(X_Forwarded_Host=rebound) == 403


def test_a_page_of_another_site_opens_no_socket(on_loopback: Dashboard) -> None:
    assert on_loopback.socket(Origin="http://evil.example") == 403


def test_once_opened_it_wants_the_password(opened: Dashboard) -> None:
    def login(user: str, word: str) -> str:
        return "Basic " + base64.b64encode(f"{user}:{word}".encode()).decode()

    file = opened.settings.secrets_dir / password.FILE
    assert file.stat().st_mode & 0o777 == 0o600
    word = file.read_text()
    refused = opened.ask()
    assert (refused.status, refused.headers["www-authenticate"][:5]) == (401, "Basic")
    for wrong in (login("footfall", "x"), login("root", word), "Basic ?", "Bearer x", login("footfall", "")):
        assert opened.ask(Authorization=wrong).status == 401
    assert opened.socket() == opened.socket(Cookie="footfall_dashboard=0") == 403
    assert opened.ask("/_stcore/health").status == 200

    entered = opened.ask(Authorization=login("footfall", word))
    assert entered.status == 200
    cookie, *marks = entered.headers["set-cookie"].split("; ")
    assert marks == ["Path=/", "HttpOnly", "SameSite=Strict"]
    assert word not in cookie
    assert opened.ask(Cookie=cookie).status == 200
    assert opened.socket(Cookie=cookie) == 101
    behind_tls = opened.ask(Authorization=login("footfall", word), X_Forwarded_Proto="https")
    assert behind_tls.headers["set-cookie"].endswith("; Secure")


def test_it_ends_when_asked_although_a_page_is_open(tmp_path: Path) -> None:
    with running(tmp_path) as dashboard, socket.create_connection(("127.0.0.1", dashboard.port)) as page:
        head = "".join(f"{name}: {value}\r\n" for name, value in _SOCKET.items())
        page.sendall(f"GET /_stcore/stream HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode())
        assert page.recv(4096).startswith(b"HTTP/1.1 101")
        dashboard.process.terminate()
        assert dashboard.process.wait(timeout=20) in (0, -15)


@pytest.mark.parametrize(
    ("changed", "asks"),
    [
        ({}, False),
        ({"bind": "0.0.0.0"}, False),
        ({"dashboard_bind": "0.0.0.0"}, True),
        ({"dashboard_bind": "0.0.0.0", "dashboard_password": False}, False),
    ],
)
def test_a_password_is_asked_for_as_soon_as_others_can_reach_it(changed: dict[str, object], asks: bool) -> None:
    settings = Settings(**changed)  # type: ignore[arg-type]
    assert password.is_asked_for(settings) is asks
    assert f"--server.address={settings.dashboard_bind}" in command(settings)
    assert sys.executable == command(settings)[0]

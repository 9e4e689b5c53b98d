import json
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder

from footfall.events.identity import UUID7
from footfall_web import weblogs
from footfall_web.middleware import new_request_id
from footfall_web.weblogs import WebLogs

LINE = re.compile(
    r'(\S+) - - \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000)\] "([^"]*)" (\d{3}) (\d+) "([^"]*)" "([^"]*)" '
    r"(\w+) ([0-9a-f-]{36}) (\d+) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"
)


def hello(environ: Any, start_response: Any) -> Iterable[bytes]:
    environ["footfall.endpoint"] = "shop.home"
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hel", b"lo"]


def ask(logs: WebLogs, application: Any = hello, path: str = "/", **options: Any) -> dict[str, Any]:
    environ = EnvironBuilder(path=path, **options).get_environ()
    environ |= {"REMOTE_ADDR": "203.0.113.77", "footfall.request_id": new_request_id()}
    serve(logs.around(application), environ)
    return environ


def serve(application: Any, environ: dict[str, Any]) -> None:
    """What a server does: it reads the body to its end and closes it."""
    body = application(environ, lambda status, headers, exc_info=None: None)
    for _ in body:
        pass
    if hasattr(body, "close"):
        body.close()


def lines(folder: Path, kind: str) -> list[str]:
    return [line for file in sorted(folder.glob(f"{kind}-*.log")) for line in file.read_text("ascii").splitlines()]


@pytest.fixture
def logs(tmp_path: Path) -> WebLogs:
    return WebLogs(tmp_path, "shop", unlogged=("/healthz",))


def test_a_request_is_one_line_of_access_and_one_of_performance(logs: WebLogs, tmp_path: Path) -> None:
    headers = {
        "User-Agent": "Test/1",
        "Referer": "https://x.example/a?secret=1",
        "X-Forwarded-For": "198.51.100.7",
        "Cookie": "footfall_shop=secret",
    }
    environ = ask(logs, path="/search", query_string="q=secret", headers=headers)
    (access,) = lines(tmp_path, "access")
    match = LINE.fullmatch(access)
    assert match is not None
    assert match.group(1, 3, 4, 5, 6, 7, 8) == (
        "203.0.113.0/24", "GET /search?q HTTP/1.1", "200", "5", "https://x.example/a", "Test/1", "shop",
    )  # fmt: skip
    assert UUID7.fullmatch(match[9])
    assert match[9] == environ["footfall.request_id"]
    (performance,) = map(json.loads, lines(tmp_path, "performance"))
    assert performance["request_id"] == match[9]
    assert performance["endpoint"] == "shop.home"
    assert (performance["bytes_sent"], performance["status"], performance["queue_us"]) == (5, 200, None)
    assert performance["logged_at"] == match[11]
    assert performance["duration_us"] == int(match[10])
    assert performance["memory_bytes"] > 1_000_000
    assert performance["cpu_us"] >= 0
    assert "secret" not in access + str(performance)


def test_waiting_for_a_thread_is_separate_from_working(logs: WebLogs, tmp_path: Path) -> None:
    arrived = time.time() - 0.25
    ask(logs, environ_overrides={"footfall.arrived_at": arrived})
    (performance,) = map(json.loads, lines(tmp_path, "performance"))
    assert 250_000 <= performance["queue_us"] < 5_000_000
    assert performance["duration_us"] < 250_000


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": 'a" 200 5 "x\r\n1.2.3.0/24 - - forged'},
        {"User-Agent": "\x00\x1b]0;x\x07"},
        {"Referer": 'https://x.example/"\n'},
        {"User-Agent": "x" * 100_000},
    ],
)
def test_whatever_a_request_carries_it_is_one_line(logs: WebLogs, tmp_path: Path, headers: dict[str, str]) -> None:
    environ = EnvironBuilder(path="/").get_environ()
    environ |= {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}
    environ["REQUEST_URI"] = '/a\r\nb "c"'
    environ["footfall.request_id"] = new_request_id()
    # A proxy's middleware may have put a header's value there.
    environ["REMOTE_ADDR"] = 'nobody"\n'
    serve(logs.around(hello), environ)
    (access,) = lines(tmp_path, "access")
    assert LINE.fullmatch(access)
    assert len(access) < 5000
    assert len(lines(tmp_path, "performance")) == 1


def test_health_is_not_logged(logs: WebLogs, tmp_path: Path) -> None:
    ask(logs, path="/healthz")
    assert lines(tmp_path, "access") == lines(tmp_path, "performance") == []


def test_an_application_that_raises_is_logged_as_500(logs: WebLogs, tmp_path: Path) -> None:
    def broken(environ: Any, start_response: Any) -> Iterable[bytes]:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        ask(logs, broken)
    assert LINE.fullmatch(lines(tmp_path, "access")[0])[4] == "500"  # type: ignore[index]


def test_an_error_is_one_line_with_its_whole_traceback(logs: WebLogs, tmp_path: Path) -> None:
    environ = {"footfall.request_id": "r", "REQUEST_URI": "/product/x?y=secret"}
    try:
        raise ValueError("two\nlines \ud800")
    except ValueError as failure:
        logs.error(environ, "view product", failure, 500)
    (line,) = lines(tmp_path, "error")
    error = json.loads(line)
    assert error["code"] == "ValueError"
    assert error["user_action"] == "view product"
    assert error["page_path"] == "/product/x"
    assert (error["app_id"], error["request_id"], error["status"]) == ("shop", "r", 500)
    assert "test_an_error_is_one_line" in error["traceback"]
    assert error["message"].startswith("two\nlines")


def test_a_start_and_an_hour_begin_new_files_and_rename_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_795_507_190.5
    monkeypatch.setattr("footfall_web.weblogs.time.time", lambda: now)
    logs = WebLogs(tmp_path, "shop")
    ask(logs)
    now += 20  # into the next hour
    ask(logs)
    WebLogs(tmp_path, "shop")
    names = sorted(path.name for path in tmp_path.glob("access-*"))
    assert names == ["access-20261124T075950.500Z.log", "access-20261124T080010.500Z.log"]
    assert len(lines(tmp_path, "access")) == 2


def test_a_large_file_is_followed_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weblogs, "_LARGEST_FILE", 100)
    now = 1_795_507_100.0
    monkeypatch.setattr("footfall_web.weblogs.time.time", lambda: now)
    logs = WebLogs(tmp_path, "shop")
    for _ in range(3):
        ask(logs)
        now += 1
    assert len(list(tmp_path.glob("access-*"))) == 3
    assert len(lines(tmp_path, "access")) == 3


def test_a_full_disk_costs_lines_and_no_page(
    logs: WebLogs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("footfall_web.weblogs.os.write", full)
    ask(logs)
    ask(logs)
    assert capsys.readouterr().err.count("The access log cannot be written") == 1

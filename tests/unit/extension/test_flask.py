"""The extension with the real collector: an application's events arrive as if its pages had sent them themselves."""

import ast
import gzip
import json
import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask, g, render_template_string
from flask.testing import FlaskClient
from werkzeug.test import Client

from footfall import site_changes, site_registry
from footfall.events.identity import UUID7, uuid7_ms
from footfall.events.validate import check_stored
from footfall.settings import REPOSITORY, Settings
from footfall.sites import assets, site_keys
from footfall_web import Answer, Footfall, Middleware, Unavailable
from footfall_web.middleware import new_request_id
from tests.support.collector_process import CollectorProcess, free_port, running_collector
from tests.support.events import example_event
from tests.support.platform import await_true
from tests.unit.sites.test_collector import now_ms

OURS = "https://recipes.example.org"
EXTENSION = REPOSITORY / "extension"


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    """It trusts no proxy, so that only the key makes it believe an address."""
    home = tmp_path_factory.mktemp("home")
    site_changes.add(Settings(home=home), "recipes", [OURS], None, None)
    with running_collector(home, "recipes", trusted_proxies=()) as running:
        yield running


@pytest.fixture
def arrived(collector: CollectorProcess) -> "Arrived":
    return Arrived(collector)


class Arrived:
    """What the collector took since the test began."""

    def __init__(self, collector: CollectorProcess) -> None:
        self._collector = collector
        self._before = len(collector.records("recipes"))

    def events(self) -> list[dict[str, Any]]:
        found = self._collector.events("recipes", self._before)
        assert [check_stored(event) for event in found] == [None] * len(found)
        return found


class _Refusing:
    """A sink of the application's own."""

    def __init__(self, raises: Exception | None = None) -> None:
        self.raises = raises

    def collect(self, environ: Any) -> Answer:
        if self.raises is not None:
            raise self.raises
        return Answer(429, [("Retry-After", "7")], environ["wsgi.input"].read(3))

    def script(self, name: str, environ: Any) -> Answer:
        return Answer(299, [], f"// {name} {environ['HTTP_HOST']}".encode())


def key_of(settings: Settings) -> str:
    return site_keys.make(settings, "recipes").read_text()


def application(running: CollectorProcess, **options: Any) -> Flask:
    app = Flask("recipes")
    Footfall(app, **{"site": "recipes", "collector": running.url, "key": key_of(running.settings), **options})

    @app.get("/")
    def home() -> str:
        return render_template_string(
            "{{ footfall(page_type='home', item_id=None, item_type='<\">') }} " + g.request_id
        )

    return app


def post(client: FlaskClient | Client, at: str = "/footfall", remote: str = "203.0.113.7", **headers: str) -> Any:
    body = orjson.dumps([example_event(now_ms(), app_id="recipes")])
    given = {"Content-Type": "text/plain;charset=UTF-8", "Origin": OURS, **headers}
    return client.post(f"{at}/collect", data=body, headers=given, environ_overrides={"REMOTE_ADDR": remote})


def test_a_page_names_its_request_and_loads_the_tracker_from_its_own_host(collector: CollectorProcess) -> None:
    client = application(collector).test_client()
    answer = client.get("/")
    request_id = answer.headers["X-Request-Id"]
    assert re.fullmatch(UUID7, request_id)
    assert answer.text == (
        f'<script defer src="/footfall/footfall.js" data-site="recipes" data-request-id="{request_id}" '
        f'data-page-type="home" data-item-type="&lt;&quot;&gt;"></script>'
        f'<script defer src="/footfall/footfall-vitals.js"></script> {request_id}'
    )
    for name in ("footfall.js", "footfall-vitals.js"):
        script = client.get(f"/footfall/{name}")
        assert (script.status_code, script.mimetype) == (200, "text/javascript")
        assert script.data == assets.served(name)
        again = client.get(f"/footfall/{name}", headers={"If-None-Match": script.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert client.head(f"/footfall/{name}").data == b""


def test_an_application_may_leave_out_how_fast_its_pages_felt(collector: CollectorProcess) -> None:
    client = application(collector, vitals=False).test_client()
    assert client.get("/").text.count("<script") == 1
    assert client.get("/footfall/footfall-vitals.js").status_code == 404


def test_events_arrive_with_the_visitors_address_and_agent(collector: CollectorProcess, arrived: Arrived) -> None:
    client = application(collector).test_client()
    agent = "Mozilla/5.0 (compatible; Examplebot/1.0)"
    answer = post(client, **{"User-Agent": agent})
    assert (answer.status_code, answer.json) == (202, {"accepted": 1, "rejected": []})
    assert "Access-Control-Allow-Origin" not in answer.headers
    (event,) = arrived.events()
    assert (event["ip_prefix"], event["is_bot"], event["bot_reason"]) == ("203.0.113.0/24", True, "agent")
    # A forged header of the visitor is not passed on.
    post(client, remote="198.51.100.9", **{"X-Forwarded-For": "192.0.2.1", "X-Footfall-Key": "x"})
    assert arrived.events()[-1]["ip_prefix"] == "198.51.100.0/24"


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_a_browser_that_asks_not_to_be_known_is_not(collector: CollectorProcess, arrived: Arrived, header: str) -> None:
    assert post(application(collector).test_client(), **{header: "1"}).status_code == 202
    (event,) = arrived.events()
    assert event["consent"] == "denied"
    assert "ip_prefix" not in event


def test_without_the_key_the_address_is_not_believed(collector: CollectorProcess, arrived: Arrived) -> None:
    assert post(application(collector, key=None).test_client()).status_code == 202
    assert arrived.events()[0]["ip_prefix"] == "127.0.0.0/24"


@pytest.mark.parametrize("options", [{"key": "f" * 64}, {"site": "zine"}, {"collector": "http://localhost:1"}])
def test_while_something_is_set_up_wrongly_the_browser_keeps_its_events(
    collector: CollectorProcess, arrived: Arrived, options: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    client = application(collector, **options).test_client()
    answer = post(client)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "The collector" in caplog.text
    assert arrived.events() == []
    # Pages are served as before.
    assert client.get("/").status_code == 200


def test_the_collectors_refusals_are_returned(collector: CollectorProcess, arrived: Arrived) -> None:
    client = application(collector).test_client()
    answer = post(client, Origin="https://evil.example")
    assert (answer.status_code, answer.json["error"]) == (403, "foreign_origin")
    answer = client.post("/footfall/collect", data=b"x", headers={"Origin": OURS})
    assert (answer.status_code, answer.json["error"]) == (400, "not_json")
    assert client.post("/footfall/collect", data=b"x" * (256 * 1024 + 1)).status_code == 413
    assert client.get("/footfall/collect").status_code == 405


def test_the_last_tracker_outlives_the_collector(collector: CollectorProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footfall_web.http_sink._SCRIPT_AGE_S", 0.0)
    app = application(collector)
    client = app.test_client()
    assert client.get("/footfall/footfall.js").status_code == 200
    monkeypatch.setattr(app.extensions["footfall"]._sink, "_port", 1)
    assert client.get("/footfall/footfall.js").data == assets.served("footfall.js")


def test_a_compressed_body_arrives(collector: CollectorProcess, arrived: Arrived) -> None:
    body = gzip.compress(orjson.dumps([example_event(now_ms(), app_id="recipes")]))
    headers = {"Content-Encoding": "gzip", "Origin": OURS}
    answer = application(collector).test_client().post("/footfall/collect", data=body, headers=headers)
    assert (answer.status_code, len(arrived.events())) == (202, 1)


def test_events_may_go_to_a_sink_of_the_applications_own(caplog: pytest.LogCaptureFixture) -> None:
    app, sink = Flask("recipes"), _Refusing()
    Footfall(app, site="recipes", collector=sink, at="", scripts="/static")
    client = app.test_client()
    answer = client.post("/collect", data=b"abcdef")
    assert (answer.status, answer.headers["Retry-After"], answer.data) == ("429 TOO MANY REQUESTS", "7", b"abc")
    assert re.fullmatch(UUID7, answer.headers["X-Request-Id"])
    for name in ("footfall.js", "footfall-vitals.js"):
        answer = client.get(f"/static/{name}")
        assert (answer.status_code, answer.text) == (299, f"// {name} localhost")
    sink.raises = Unavailable("The shelf is full.")
    assert client.post("/collect").status_code == 503
    assert "The shelf is full." in caplog.text
    sink.raises = LookupError("a fault")
    # As Flask answers every failure.
    answer = client.post("/collect")
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    plain = Client(Middleware(app.wsgi_app, site="recipes", collector=sink))
    with pytest.raises(LookupError):
        plain.post("/footfall/collect")


def test_any_wsgi_application_can_be_measured(collector: CollectorProcess, arrived: Arrived) -> None:
    def plain(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("X-Request-Id", "its own")])
        return [environ["footfall.request_id"].encode()]

    measured = Middleware(plain, site="recipes", collector=collector.url, key=key_of(collector.settings), at="/m")
    client = Client(measured)
    answer = client.get("/")
    assert answer.headers.getlist("X-Request-Id") == [answer.text]
    assert post(client, at="/m").status_code == 202
    assert len(arrived.events()) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"collector": "localhost:5010"},
        {"collector": ""},
        {"at": "footfall"},
        {"at": "/x/"},
        {"site": "a site\n"},
        {"site": "Recipes"},
        {"logs": "/dev/null/logs"},
        {"logs": ""},
        {"collector": _Refusing(), "key": "f" * 64},
    ],
)
def test_an_argument_that_cannot_be_used_is_an_error(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Footfall(Flask("x"), **{"site": "recipes", "collector": "http://localhost:5010", **options})


def test_request_ids_are_uuid7_of_now() -> None:
    made = new_request_id()
    assert re.fullmatch(UUID7, made)
    assert abs(uuid7_ms(made) - now_ms()) < 5_000


def test_the_extension_needs_nothing_but_python_and_its_own_application() -> None:
    imported = set()
    for file in (EXTENSION / "footfall_web").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).partition(".")[0])
    assert imported - sys.stdlib_module_names == {"footfall_web", "flask", "markupsafe", "_typeshed"}
    script = "import footfall_web, sys; assert not {'footfall', 'flask'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], env={"PYTHONPATH": str(EXTENSION)}, check=True, timeout=60)


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def test_the_example_is_added_with_one_command_and_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_registry, "_LOOK_EVERY_S", 0.0)
    file = REPOSITORY / "examples" / "flask-application" / "app.py"
    # Its twenty lines: without the first and the empty ones.
    lines = [line for line in file.read_text("utf-8").splitlines() if line.strip() and not line.startswith('"""')]
    assert len(lines) <= 20
    port = free_port()
    with running_collector(tmp_path, "recipes") as collector:
        command = [sys.executable, "-m", "flask", "--app", str(file), "run", "--port", str(port)]
        environment = os.environ | {"PYTHONPATH": str(EXTENSION), "COLLECTOR": collector.url}
        running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            await_true(lambda: _answers(port), "the example", 30, 0.05)
            url = f"http://localhost:{port}"
            site_changes.add(collector.settings, "recipes", [url], None, None)
            page = _get(f"{url}/recipes/soup")
            assert 'data-item-id="soup"' in page
            assert _get(url + re.findall(r'src="([^"]+)"', page)[0]).encode() == assets.served("footfall.js")
            body = json.dumps([example_event(now_ms(), app_id="recipes")]).encode()
            await_true(lambda: _posted(f"{url}/footfall/collect", body, url) == 202, "the event", 10, 0.2)
        finally:
            running.terminate()
            running.wait(20)
        assert [event["app_id"] for event in collector.events("recipes")] == ["recipes"]


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except ConnectionRefusedError:
        return False
    return True


def _posted(url: str, body: bytes, origin: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, {"Origin": origin}), timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code

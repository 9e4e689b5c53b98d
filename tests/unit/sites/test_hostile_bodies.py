"""Hostile bodies and requests in great numbers: no answer is a failure of the server, and no memory stays behind.

`./footfall test all` sends a million bodies to a collector in this process, and fifty thousand requests to the real
server of a site over HTTP. Otherwise both numbers are small.
"""

import io
import re
import shutil
import signal
import socket
import string
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import quote, unquote

import orjson
import psutil
import pytest

from footfall.settings import Ports, Settings
from footfall.sites.collector import Collector
from tests.support.events import example_event
from tests.support.hostile import SEED, SPLICES, spoilt
from tests.support.long_tests import LONG
from tests.support.server_events import server_event
from tests.support.sites import make_site
from tests.unit.sites.test_collector import Server, away, fall_behind, now_ms

BODIES: Final = 1_000_000 if LONG else 4_000
REQUESTS: Final = 50_000 if LONG else 1_000
PAGES: Final = 20_000 if LONG else 300
MIB: Final = 2**20
# What caches and the allocator may take once they are warm.
_GROWTH: Final = 48 * MIB
_AGENTS: Final = (b"Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", b"Googlebot/2.1", b"x" * 9000)
_LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
# A field's value may hold neither; a server refuses such a request before it looks at the body.
_BREAKS: Final = re.compile(rb"[\x00-\x1f\x7f]")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder whose fsync costs nothing, if this system has one: a million events would wear a disk."""
    memory = Path("/dev/shm")
    folder = memory / f"footfall-{tmp_path.parent.name}-{tmp_path.name}" if memory.is_dir() else tmp_path
    folder.mkdir(exist_ok=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _samples(rng: Random) -> list[bytes]:
    events = [
        example_event(now_ms()),
        example_event(now_ms(), schema_version="1.4", new={"a": [1, "x"]}),
        example_event(now_ms(), event_type="custom", properties={"a": 1, "b": "c"}, consent="denied"),
        example_event(now_ms(), page_path="/" + "é" * 300, search_term="boots", event_type="search"),
    ]
    return [
        orjson.dumps(events[0]),
        orjson.dumps(events),
        orjson.dumps([example_event(now_ms(), seq=rng.randrange(99)) for _ in range(9)]),
        b"[" * 2000 + b"]" * 2000,
        b"null",
    ]


def _server_samples(_: Random) -> list[bytes]:
    events = [
        server_event(now_ms()),
        server_event(now_ms(), type="custom", name="x", properties={"a": 1}, ip="203.0.113.77"),
        server_event(now_ms(), consent="denied", page_path="/" + "é" * 300),
    ]
    return [orjson.dumps(events[0]), orjson.dumps(events), orjson.dumps(events * 9), b"[" * 2000 + b"]" * 2000, b"null"]


def _bodies(rng: Random, number: int, samples_of: Callable[[Random], list[bytes]] = _samples) -> Iterator[bytes]:
    samples: list[bytes] = []
    for count in range(number):
        if count % 2_000 == 0:
            # Events of an hour ago would all be one kind of reject, in the end.
            samples = samples_of(rng)
        body = spoilt(rng, rng.choice(samples))
        if count % 1_000 == 999:
            # Up to the largest that is read, and beyond.
            body = (body + b" ") * (rng.randrange(2 * 2**18) // (len(body) + 1))
        yield body


def _headers(rng: Random) -> dict[str, bytes]:
    """Headers of a request by name, without those of HTTP itself. Each comes from an address of its own."""
    found = {
        "User-Agent": spoilt(rng, rng.choice(_AGENTS)),
        "X-Forwarded-For": str(IPv4Address(rng.getrandbits(32))).encode(),
    }
    if rng.random() < 0.1:
        name = rng.choice(("Origin", "Sec-GPC", "DNT", "Referer", "Cookie", "Content-Type", "X-Forwarded-Proto"))
        found[name] = spoilt(rng, rng.choice((b"http://localhost", b"1", b"application/json", b"footfall_shop=a.b.c")))
    if rng.random() < 0.02:
        found["X-Forwarded-For"] = spoilt(rng, b"203.0.113.7, 2001:db8::1")
    if rng.random() < 0.02:
        found["Forwarded"] = spoilt(rng, b'for="[2001:db8::1]:4711";host=localhost;proto=https')
    if rng.random() < 0.02:
        found["Content-Encoding"] = spoilt(rng, rng.choice((b"gzip", b"deflate", b"identity", b"br")))
    if rng.random() < 0.02:
        found["X-Forwarded-Host"] = spoilt(rng, b"localhost")
    return found


def _environ(body: bytes, headers: dict[str, bytes]) -> dict[str, Any]:
    """A request as waitress passes it."""
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/collect",
        "HTTP_HOST": "localhost",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        **{f"HTTP_{name.upper().replace('-', '_')}": value.decode("latin-1") for name, value in headers.items()},
    }


_WAYS: Final = {
    "browsers": (Collector.collect, _samples),
    "servers": (Collector.collect_from_server, _server_samples),
}


@pytest.mark.timeout(2400 if LONG else 60)
@pytest.mark.parametrize("way", _WAYS)
def test_a_million_hostile_bodies_fail_nothing_and_leave_nothing_in_memory(way: str, home: Path) -> None:
    rng, answers = Random(f"{SEED} {way}"), Counter[int]()
    collect, samples_of = _WAYS[way]
    with away() as kafka:
        settings = Settings(
            home=home,
            install=home / "install",
            port_offset=0,
            ports=Ports(kafka=kafka),
            # A site would refuse most of what is to be looked at.
            site_events_per_minute=10**9,
        )
        fall_behind(settings, "shop")
        # Its drain is not started: this test empties the spool itself, as Kafka would.
        collector = Collector(settings, "shop")
        warm = 0
        try:
            for count, body in enumerate(_bodies(rng, BODIES, samples_of)):
                headers = _headers(rng)
                try:
                    answers[collect(collector, _environ(body, headers)).status] += 1
                except BaseException:
                    print(f"seed {SEED}: {headers!r} {body!r}")
                    raise
                if count % 500 == 0:
                    while collector._spool.take():
                        pass
                    collector._spool.delivered()
                if count == BODIES // 4:
                    warm = psutil.Process().memory_info().rss
            grown = psutil.Process().memory_info().rss - warm
        finally:
            collector._producer.close(0)
            collector._spool.close()
    print(f"seed {SEED}: {dict(answers)}, {grown / MIB:.1f} MiB more than after the first quarter")
    assert sum(answers.values()) == BODIES
    assert [status for status in answers if status >= 500] == []
    # A test in which nothing passes, or everything, would test nothing.
    assert answers[202] > BODIES / 20
    assert answers[400] > BODIES / 20
    assert grown < _GROWTH


class _Client:
    """A connection to a site that is kept alive as long as the site keeps it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> int | None:
        """The status of the answer; None if the site closed the connection without one."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), 20)
        answer = b""
        try:
            self._socket.sendall(request)
            while b"\r\n\r\n" not in answer:
                answer += self._more()
            top, _, body = answer.partition(b"\r\n\r\n")
            length = _LENGTH.search(top)
            wanted = int(length[1]) if length is not None else 0
            while len(body) < wanted:
                body += self._more()
        except (ConnectionError, EOFError):
            self.close()
        else:
            if b"connection: close" in top.lower():
                self.close()
        return int(answer[9:12]) if answer else None

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _more(self) -> bytes:
        assert self._socket is not None
        data = self._socket.recv(65_536)
        if not data:
            raise EOFError
        return data


def _request(rng: Random, body: bytes) -> bytes:
    """A whole request whose length is right, so that the next one is read from its beginning."""
    headers = {name: _BREAKS.sub(b"", value) for name, value in _headers(rng).items()}
    if rng.random() < 0.01:
        headers[rng.choice(("X-A", "Accept", "Cookie"))] = rng.choice(SPLICES)
    lines = [b"POST /collect HTTP/1.1", b"Host: localhost", b"Content-Length: %d" % len(body)]
    lines += [b"%b: %b" % (name.encode(), value) for name, value in headers.items()]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@pytest.mark.timeout(1200 if LONG else 60)
def test_hostile_requests_over_http_fail_nothing_and_leave_nothing_in_memory(home: Path) -> None:
    rng, answers = Random(f"{SEED} http"), Counter[int | None]()
    with away() as kafka:
        running = Server(home, kafka)
        client, process = _Client(running.port), psutil.Process(running.process.pid)
        # Nobody else reads what the site says; a full pipe would stop it.
        threading.Thread(target=running.process.stderr.read, daemon=True).start()
        try:
            warm = 0
            for count, body in enumerate(_bodies(rng, REQUESTS)):
                request = _request(rng, body)
                status = client.ask(request)
                answers[status] += 1
                assert status is None or status < 500, f"seed {SEED}: {request!r}"
                if count == REQUESTS // 4:
                    warm = process.memory_info().rss
            grown = process.memory_info().rss - warm
        finally:
            client.close()
            running.process.send_signal(signal.SIGKILL)
            running.process.wait()
    print(f"seed {SEED}: {dict(answers)}, {grown / MIB:.1f} MiB more than after the first quarter")
    assert answers[202] > REQUESTS / 20
    assert answers[400] > REQUESTS / 20
    # A body that is too large is not read to its end.
    assert answers[None] < REQUESTS / 100
    assert grown < _GROWTH


@pytest.mark.timeout(1200 if LONG else 60)
@pytest.mark.parametrize("app", ["shop", "news", "academy"])
def test_hostile_requests_for_pages_fail_nothing(app: str, home: Path) -> None:
    made, _ = make_site(home, app)
    client, rng = made.test_client(), Random(f"{SEED} {app}")
    # The collector of this site only remembers; the real one has its own tests above.
    paths = sorted({rule.rule for rule in made.url_map.iter_rules()} - {"/collect"})
    answers = Counter[int]()
    for _ in range(PAGES):
        rule = re.sub(r"<[^>]*>", "kettle", rng.choice(paths)).encode()
        target = spoilt(rng, rule + b"?q=boots&page=2&sort=price") if rng.random() < 0.8 else spoilt(rng, rule)
        # The server refuses any other byte than printable ASCII in a target.
        path, _, query = quote(target, safe=string.punctuation).partition("?")
        form = spoilt(rng, b"csrf=x&quantity=1&item=kettle&email=a%40b.example&name=A&q=x")
        method = rng.choice(("GET", "GET", "POST", "HEAD", "PUT"))
        # The client would itself refuse some paths.
        target_of = {"PATH_INFO": unquote(path, "latin-1"), "QUERY_STRING": query, "REQUEST_URI": f"{path}?{query}"}
        answer = client.open(
            "/",
            method=method,
            environ_overrides=target_of,
            data=form if method == "POST" else b"",
            content_type=rng.choice(("application/x-www-form-urlencoded", "application/json", "multipart/form-data")),
            headers={
                name: _BREAKS.sub(b"", value).decode("latin-1")
                for name, value in _headers(rng).items()
                if name != "X-Forwarded-Host"
            },
        )
        answers[answer.status_code] += 1
        assert answer.status_code < 500, f"seed {SEED}: {method} {target!r} {form!r}"
        answer.close()
    print(f"seed {SEED}: {dict(answers)}")
    assert answers[200] > PAGES / 20

"""A site in this process that keeps the contract of markup and collector, to test real HTTP without a real site.

Every sent event goes through the collector's own decision; answers to `/collect` can be planned (a status each).
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from footfall.events.rejects import Reject
from footfall.events.stamp import Context, accept
from footfall.settings import Ports, Settings

_NAV = '<a href="/" data-footfall-element="nav-home">H</a><a href="/category/lamps" data-footfall-element="nav">L</a>'
_PRODUCTS = "".join(
    f'<a href="/product/{n}" data-footfall-element="card" data-footfall-item-id="p{n}">P {n}</a>' for n in range(30)
)
_SEARCH = '<form action="/search" method="get" data-footfall-element="search"><input name="q" value=""></form>'


class MadeUpSite(ThreadingHTTPServer):
    """The requests it got and the events it took; `planned` holds the statuses of the next answers to `/collect`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lock = threading.Lock()
        self.planned: list[int] = []
        self.stored: list[dict] = []
        self.rejected: list[Reject] = []
        self.posts: list[tuple[dict[str, str], list[dict]]] = []
        self.gets: list[tuple[str, dict[str, str]]] = []
        self.broken: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: MadeUpSite
    protocol_version = "HTTP/1.1"
    # Head and body are two writes: without this, each answer waits 40 ms for the other side's acknowledgement.
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        with self.server.lock:
            self.server.gets.append((self.path, dict(self.headers)))
        path = target.path
        if path in self.server.broken:
            return self._page(500, "error", "Broken")
        if path == "/":
            return self._page(200, "home", "Home & more", _NAV + _PRODUCTS + '<a href="/login">in</a>' + _SEARCH)
        if path == "/category/lamps":
            return self._page(200, "list", "Lamps", _NAV + _PRODUCTS + _SEARCH)
        if path.startswith("/product/") and path.count("/") == 2:
            form = (
                '<form method="post" action="/cart/add" data-footfall-event="add_to_cart" '
                'data-footfall-element="add" data-footfall-value-cents="1999">'
                '<input type="hidden" name="csrf" value="t&amp;1"><input name="quantity" value="1"></form>'
            )
            return self._page(200, "product", "Product", _NAV + form + _PRODUCTS, item=path[9:])
        if path == "/search":
            term = parse_qs(target.query).get("q", [""])[0]
            page_events = [{"event_type": "search", "search_term": term, "results_count": 3}]
            return self._page(200, "search", "Search", _NAV + _PRODUCTS + _SEARCH, events=page_events)
        if path == "/cart":
            return self._page(200, "cart", "Cart", _NAV)
        if path == "/login":
            form = '<form method="post" action="/login"><input name="email"></form>'
            return self._page(200, "account", "Login", _NAV + form)
        return self._page(404, "error", "Gone", _NAV)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/collect":
            return self._collect(body)
        form = parse_qs(body.decode())
        cookie = None
        where = "/cart"
        if self.path == "/cart/add" and form["csrf"] != ["t&1"]:
            return self._page(400, "error", "No token")
        if self.path == "/login":
            cookie, where = f"user={form['email'][0].partition('@')[0]}; Path=/; HttpOnly", "/"
        self.send_response(303)
        self.send_header("Location", where)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", "0")
        self.end_headers()
        return None

    def _collect(self, body: bytes) -> None:
        events = json.loads(body)
        site = self.server
        with site.lock:
            site.posts.append((dict(self.headers), events))
            status = site.planned.pop(0) if site.planned else 202
            rejected = []
            if status == 202:
                for index, event in enumerate(events):
                    outcome = accept(event, Context("shop", _received_ms(), user_agent=self.headers["User-Agent"]))
                    if isinstance(outcome, Reject):
                        site.rejected.append(outcome)
                        rejected.append({"index": index, "event_id": event.get("event_id"), "reason": outcome.reason})
                    else:
                        site.stored.append(outcome)
        answer = json.dumps({"accepted": len(events) - len(rejected), "rejected": rejected}).encode()
        self._answer(status, answer, "application/json", {"Retry-After": "0"})

    def _page(
        self,
        status: int,
        page_type: str,
        title: str,
        body: str = "",
        item: str | None = None,
        events: object = None,
    ) -> None:
        meta = {"page_type": page_type, "page_section": "made-up", "item_id": item}
        user = (self.headers.get("Cookie") or "").partition("user=")[2]
        html = (
            f"<!doctype html><title>{title}</title>"
            f"<meta name=\"footfall-page\" content='{json.dumps(meta)}'>"
            '<meta name="footfall-request-id" content="r-1">'
            f'<meta name="footfall-status" content="{status}">'
            f'<meta name="footfall-user" content="{user}">'
            f"<meta name=\"footfall-events\" content='{json.dumps(events or [])}'>{body}"
        )
        self._answer(status, html.encode(), "text/html; charset=utf-8", {})

    def _answer(self, status: int, content: bytes, kind: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _received_ms() -> int:
    return time.time_ns() // 1_000_000


@contextmanager
def made_up_site(home: Path) -> Iterator[tuple[MadeUpSite, Settings]]:
    """A running site, and settings whose shop it is."""
    site = MadeUpSite()
    thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site, Settings(home=home, ports=Ports(shop=site.server_port), population=1000, pace=20.0)
    finally:
        site.shutdown()
        thread.join()
        site.server_close()

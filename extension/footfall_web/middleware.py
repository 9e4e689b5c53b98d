"""WSGI middleware: serves the scripts, passes events on to the collector, and gives each request an id."""

import logging
import secrets
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from footfall_web.collector import Answer, Collector, CollectorUnavailable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

REQUEST_ID: Final = "footfall.request_id"
_TRACKER: Final = "footfall.js"
# Measures how fast pages felt, and tells the tracker.
_VITALS: Final = "footfall-vitals.js"
# The collector's own limit. What is larger is not even read.
_LARGEST_BODY: Final = 256 * 1024
# Of the request, by the collector's names for them: what consent and the recognition of bots depend on.
_PASSED_ON: Final = {
    "CONTENT_TYPE": "Content-Type",
    "HTTP_USER_AGENT": "User-Agent",
    "HTTP_ORIGIN": "Origin",
    "HTTP_SEC_GPC": "Sec-GPC",
    "HTTP_DNT": "DNT",
}
# Of the collector's answers; all else, such as what it says to pages of other origins, ends here.
_PASSED_BACK: Final = ("content-type", "retry-after", "etag", "cache-control")
_JSON: Final = {"content-type": "application/json"}
_UNAVAILABLE: Final = b'{"error":"unavailable","detail":"The collector does not take events at the moment."}'
_TOO_LARGE: Final = b'{"error":"too_large","detail":"The body is larger than 256 KiB."}'


class Middleware:
    """Wraps a WSGI application. Safe for any thread."""

    def __init__(
        self,
        application: "WSGIApplication",
        *,
        site: str,
        collector: str,
        key: str | None = None,
        at: str = "/footfall",
        vitals: bool = True,
        timeout_s: float = 5.0,
    ) -> None:
        """site: its app_id, as it was added to Footfall. collector: its address, such as `http://localhost:5010`.

        key: lets the collector believe whose request it was; None: it believes that of proxies that it trusts alone.
        at: the path below which the tracker and the collector are. vitals: also measure how fast pages felt.
        timeout_s: the longest wait for the collector.
        Raises ValueError if an argument cannot be used.
        """
        if not at.startswith("/") or at.endswith("/"):
            raise ValueError(f"at must be a path such as /footfall, not {at!r}.")
        self._application = application
        self._collector = Collector(collector, site, key, timeout_s)
        self._at = at
        self._scripts = {f"{at}/{name}": name for name in ((_TRACKER, _VITALS) if vitals else (_TRACKER,))}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answers a request, or lets the application answer it."""
        request_id = environ[REQUEST_ID] = new_request_id()
        path, method = environ.get("PATH_INFO", ""), environ.get("REQUEST_METHOD", "GET")
        if path in self._scripts and method in ("GET", "HEAD"):
            return self._answer(self._script, environ, start_response, method == "HEAD")
        if path == f"{self._at}/collect" and method == "POST":
            return self._answer(self._collect, environ, start_response)

        def named(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            kept = [pair for pair in headers if pair[0].lower() != "x-request-id"]
            return start_response(status, [*kept, ("X-Request-Id", request_id)], exc_info)

        return self._application(environ, named)

    def script(self, environ: "WSGIEnvironment", **facts: object) -> str:
        """The elements that a page needs in its head.

        facts: what the page says of itself, such as `page_type="article"`; one that is None is left out.
        `docs/measuring/any-page.md` of Footfall lists them.
        """
        sources = [_escaped(quote(environ.get("SCRIPT_NAME", "")) + path) for path in self._scripts]
        said = {"site": self._collector.site, "request_id": environ[REQUEST_ID], **facts}
        attributes = {f"data-{name.replace('_', '-')}": value for name, value in said.items() if value is not None}
        listed = "".join(f' {name}="{_escaped(str(value))}"' for name, value in attributes.items())
        # The first is the tracker, to which the page says what it is about.
        elements = [f'<script defer src="{sources[0]}"{listed}></script>']
        return "".join(elements + [f'<script defer src="{source}"></script>' for source in sources[1:]])

    def _script(self, environ: "WSGIEnvironment") -> Answer:
        return self._collector.script(self._scripts[environ["PATH_INFO"]], environ.get("HTTP_IF_NONE_MATCH"))

    def _collect(self, environ: "WSGIEnvironment") -> Answer:
        body = _body(environ)
        if body is None:
            return Answer(413, _JSON, _TOO_LARGE)
        headers = {name: environ[key] for key, name in _PASSED_ON.items() if environ.get(key)}
        return self._collector.collect(body, headers, environ.get("REMOTE_ADDR"))

    def _answer(
        self,
        ask: Callable[["WSGIEnvironment"], Answer],
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
        head: bool = False,
    ) -> list[bytes]:
        try:
            answer = ask(environ)
        except CollectorUnavailable as error:
            log.warning("%s", error)
            answer = Answer(503, _JSON | {"retry-after": "5"}, _UNAVAILABLE)
        headers = [(name.title(), answer.headers[name]) for name in _PASSED_BACK if name in answer.headers]
        headers += [("X-Content-Type-Options", "nosniff"), ("X-Request-Id", environ[REQUEST_ID])]
        if answer.status != 304:
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(f"{answer.status} {answer.phrase}", headers)
        return [b"" if head else answer.body]


def new_request_id() -> str:
    """A UUIDv7: 48 bits of time, then random bits with version and variant in their places."""
    bits = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    bits = bits & ~(0xF << 76) & ~(0x3 << 62) | (7 << 76) | (2 << 62)
    digits = f"{bits:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _body(environ: "WSGIEnvironment") -> bytes | None:
    """The request's body; None if it is too large."""
    stream = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH")
    if not length:
        # A chunked body has no length. Without the mark of a server that ends the stream, reading might never end.
        body = stream.read(_LARGEST_BODY + 1) if environ.get("wsgi.input_terminated") else b""
    elif not length.isdecimal() or int(length) > _LARGEST_BODY:
        return None
    else:
        body = stream.read(int(length))
    return bytes(body) if len(body) <= _LARGEST_BODY else None


def _escaped(text: str) -> str:
    """Text as an attribute's value."""
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")

"""The sink of an application elsewhere: Footfall's collector over HTTP."""

import http.client
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, urlsplit

from footfall_web.sink import Answer, Unavailable

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# How long a script is kept before the collector is asked for a newer one.
_SCRIPT_AGE_S: Final = 300.0
# The collector's own limit. What is larger is not even read.
_LARGEST_BODY: Final = 256 * 1024
# Of the request, by the collector's names for them: what consent and the recognition of bots depend on.
_PASSED_ON: Final = {
    "CONTENT_TYPE": "Content-Type",
    "HTTP_CONTENT_ENCODING": "Content-Encoding",
    "HTTP_USER_AGENT": "User-Agent",
    "HTTP_ORIGIN": "Origin",
    "HTTP_SEC_GPC": "Sec-GPC",
    "HTTP_DNT": "DNT",
}
# Of the collector's answers; all else, such as what it says to pages of other origins, ends here.
_PASSED_BACK: Final = ("Content-Type", "Retry-After", "ETag", "Cache-Control")
_GUARD: Final = ("X-Content-Type-Options", "nosniff")
# What the collector says if it and the application were not set up for each other.
_FAULTS: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "The collector refuses the key",
    HTTPStatus.NOT_FOUND: "The collector does not know the site",
    HTTPStatus.MISDIRECTED_REQUEST: "The collector does not answer under this name; its setting host_names adds names",
}
_TOO_LARGE: Final = Answer(
    413,
    (("Content-Type", "application/json"), _GUARD),
    b'{"error":"too_large","detail":"The body is larger than 256 KiB."}',
)


class HttpSink:
    """The collector, asked about one site. See `Sink`."""

    def __init__(self, address: str, site: str, key: str | None, timeout_s: float) -> None:
        """Raises ValueError if the address is none."""
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"collector must be an address such as http://localhost:5010, not {address!r}.")
        self._site = site
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, parts.port
        self._path = parts.path.rstrip("/")
        self._key = key
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        # By the scripts' names.
        self._kept: dict[str, _Response] = {}
        self._asked_s: dict[str, float] = {}

    def collect(self, environ: "WSGIEnvironment") -> Answer:
        """Posts the events. It returns the collector's answer."""
        body = _body(environ)
        if body is None:
            return _TOO_LARGE
        given = {name: environ[key] for key, name in _PASSED_ON.items() if environ.get(key)}
        if client := environ.get("REMOTE_ADDR"):
            given["X-Forwarded-For"] = client
        if self._key:
            given["X-Footfall-Key"] = self._key
        response = self._ask("POST", f"/collect?site={quote(self._site, safe='')}", body, given)
        if fault := _FAULTS.get(response.status):
            # Not the browser's fault: it keeps its events until somebody has mended this.
            raise Unavailable(f"{fault} (site {self._site}).")
        return response.answer()

    def script(self, name: str, environ: "WSGIEnvironment") -> Answer:
        """One of the collector's scripts; status 304 if the browser has it.

        Without the collector, the last one counts.
        """
        response, known = self._newest(name), environ.get("HTTP_IF_NONE_MATCH")
        etag = response.headers.get("etag")
        if known is not None and etag is not None and etag.removeprefix("W/") in known:
            return response._replace(status=HTTPStatus.NOT_MODIFIED, body=b"").answer()
        return response.answer()

    def _newest(self, name: str) -> "_Response":
        now = time.monotonic()
        with self._lock:
            old = self._kept.get(name)
            if old is not None and now - self._asked_s[name] < _SCRIPT_AGE_S:
                return old
            # Others get the old one meanwhile, also if the collector does not answer.
            self._asked_s[name] = now
        try:
            response = self._ask("GET", f"/{name}", None, {})
            if response.status != HTTPStatus.OK:
                raise Unavailable(f"The collector answered {response.status} when asked for {name}.")
        except Unavailable:
            if old is None:
                raise
            return old
        with self._lock:
            self._kept[name] = response
        return response

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> "_Response":
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout_s)
        try:
            connection.request(method, self._path + path, body, dict(headers))
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unavailable(f"The collector at {self._host} does not answer: {error}.") from None
        finally:
            connection.close()
        return _Response(response.status, {name.lower(): value for name, value in response.getheaders()}, content)


class _Response(NamedTuple):
    """The collector's. headers: by their names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def answer(self) -> Answer:
        """What the browser gets of it."""
        kept = [(name, self.headers[name.lower()]) for name in _PASSED_BACK if name.lower() in self.headers]
        return Answer(self.status, [*kept, _GUARD], self.body)


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

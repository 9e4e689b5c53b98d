"""Footfall's collector over HTTP."""

import http.client
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

# How long a script is kept before the collector is asked for a newer one.
_SCRIPT_AGE_S: Final = 300.0
# What the collector says if it and the application were not set up for each other.
_FAULTS: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "The collector refuses the key",
    HTTPStatus.NOT_FOUND: "The collector does not know the site",
    HTTPStatus.MISDIRECTED_REQUEST: "The collector does not answer under this name; its setting host_names adds names",
}


class CollectorUnavailable(Exception):
    """The collector does not take the site's events; the message is a sentence."""


class Answer(NamedTuple):
    """headers: by their names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def phrase(self) -> str:
        """The words of the status."""
        try:
            return HTTPStatus(self.status).phrase
        except ValueError:
            return "Unknown"


class Collector:
    """The collector, asked about one site. Safe for any thread."""

    def __init__(self, address: str, site: str, key: str | None, timeout_s: float) -> None:
        """Raises ValueError if the address is none."""
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"collector must be an address such as http://localhost:5010, not {address!r}.")
        self.site = site
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, parts.port
        self._path = parts.path.rstrip("/")
        self._key = key
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        # By the scripts' names.
        self._kept: dict[str, Answer] = {}
        self._asked_s: dict[str, float] = {}

    def collect(self, body: bytes, headers: Mapping[str, str], client: str | None) -> Answer:
        """Posts events. client: the address of the browser. Raises CollectorUnavailable."""
        given = dict(headers)
        if client:
            given["X-Forwarded-For"] = client
        if self._key:
            given["X-Footfall-Key"] = self._key
        answer = self._ask("POST", f"/collect?site={quote(self.site, safe='')}", body, given)
        if fault := _FAULTS.get(answer.status):
            # Not the browser's fault: it keeps its events until somebody has mended this.
            raise CollectorUnavailable(f"{fault} (site {self.site}).")
        return answer

    def script(self, name: str, known: str | None) -> Answer:
        """One of the collector's scripts; status 304 if the browser has it. known: the browser's `If-None-Match`.

        Without the collector, the last one counts. Raises CollectorUnavailable.
        """
        answer = self._newest(name)
        etag = answer.headers.get("etag")
        if known is not None and etag is not None and etag.removeprefix("W/") in known:
            return Answer(304, answer.headers, b"")
        return answer

    def _newest(self, name: str) -> Answer:
        now = time.monotonic()
        with self._lock:
            old = self._kept.get(name)
            if old is not None and now - self._asked_s[name] < _SCRIPT_AGE_S:
                return old
            # Others get the old one meanwhile, also if the collector does not answer.
            self._asked_s[name] = now
        try:
            answer = self._ask("GET", f"/{name}", None, {})
            if answer.status != HTTPStatus.OK:
                raise CollectorUnavailable(f"The collector answered {answer.status} when asked for {name}.")
        except CollectorUnavailable:
            if old is None:
                raise
            return old
        with self._lock:
            self._kept[name] = answer
        return answer

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout_s)
        try:
            connection.request(method, self._path + path, body, dict(headers))
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise CollectorUnavailable(f"The collector at {self._host} does not answer: {error}.") from None
        finally:
            connection.close()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)

"""Where a site's events go: what the middleware asks, and what it gets back."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_STATUS_LINES: Final = {status.value: f"{status.value} {status.phrase.upper()}" for status in HTTPStatus}


class Unavailable(Exception):
    """The events cannot be taken at the moment; the message is a sentence for the application's log."""


class Answer(NamedTuple):
    """An answer to a browser. headers: without the length and the request's id, which `send` adds."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    def send(self, start_response: "StartResponse", request_id: str, head: bool = False) -> Iterable[bytes]:
        """Answers a WSGI request. head: without the body."""
        headers = [*self.headers, ("X-Request-Id", request_id)]
        if self.status != HTTPStatus.NOT_MODIFIED:
            headers.append(("Content-Length", str(len(self.body))))
        start_response(_STATUS_LINES.get(self.status) or f"{self.status} UNKNOWN", headers)
        return [b"" if head else self.body]


class Sink(Protocol):
    """Takes the events of one site, and has its scripts. Any thread calls it, and several at once.

    It gets the browser's request as WSGI describes it: the body, the headers, of which `Sec-GPC`, `DNT`, `User-Agent`,
    `Origin` and `Content-Encoding` matter, and the client's address.
    Both methods raise Unavailable: the browser then gets 503 and keeps its events. Any other exception is a failure of
    the application.
    """

    def collect(self, environ: "WSGIEnvironment") -> Answer:
        """Takes the events that a browser posts. It answers 202 only once they are safe, and bounds what it reads."""

    def script(self, name: str, environ: "WSGIEnvironment") -> Answer:
        """A script for the site's pages. name: `footfall.js`, the tracker, or `footfall-vitals.js`."""

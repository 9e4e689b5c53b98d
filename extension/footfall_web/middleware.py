"""WSGI middleware: serves the scripts, hands events to a sink, names each request, and writes its log lines."""

import logging
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from footfall_web.http_sink import HttpSink
from footfall_web.sink import Answer, Sink, Unavailable
from footfall_web.weblogs import ENDPOINT, REQUEST_ID, Logs, WebLogs

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

_TRACKER: Final = "footfall.js"
# Measures how fast pages felt, and tells the tracker.
_VITALS: Final = "footfall-vitals.js"
# The form of a site's name in Footfall. It stands in each log line, so it must be one word.
_SITE: Final = re.compile("[a-z][a-z0-9-]{0,30}")
_UNAVAILABLE: Final = Answer(
    503,
    (("Content-Type", "application/json"), ("Retry-After", "5"), ("X-Content-Type-Options", "nosniff")),
    b'{"error":"unavailable","detail":"The collector does not take events at the moment."}',
)


class Middleware:
    """Wraps a WSGI application. Safe for any thread."""

    def __init__(
        self,
        application: "WSGIApplication",
        *,
        site: str,
        collector: str | Sink,
        key: str | None = None,
        at: str = "/footfall",
        scripts: str | None = None,
        vitals: bool = True,
        logs: str | os.PathLike[str] | Logs | None = None,
        timeout_s: float = 5.0,
    ) -> None:
        """site: its app_id, as it was added to Footfall. collector: its address, such as `http://localhost:5010`, or a
        sink of the application's own.

        key: lets the collector believe whose request it was; None: it believes that of proxies that it trusts alone.
        at: the path below which the scripts and the collector are, "" for the root. scripts: the path below which the
        scripts are, if they are elsewhere. vitals: also measure how fast pages felt. logs: the folder that Flume
        follows, or what writes the logs instead; None: nothing is logged. timeout_s: the longest wait for the
        collector. Raises ValueError if an argument cannot be used.
        """
        if at and (not at.startswith("/") or at.endswith("/")):
            raise ValueError(f"at must be a path such as /footfall, not {at!r}.")
        if not _SITE.fullmatch(site):
            raise ValueError(f"site must be the name of a site, such as blog, not {site!r}.")
        if isinstance(collector, str):
            self._sink: Sink = HttpSink(collector, site, key, timeout_s)
        elif key is not None:
            raise ValueError("key must be left out if the events go to a sink of the application's own.")
        else:
            self._sink = collector
        self._application = application
        self._site = site
        self.collect_path = f"{at}/collect"
        folder = at if scripts is None else scripts
        # The names of the scripts, by their paths.
        self.scripts = {f"{folder}/{name}": name for name in ((_TRACKER, _VITALS) if vitals else (_TRACKER,))}
        self.logs = _opened(logs, site)
        self._run = self._answer if self.logs is None else self.logs.around(self._answer)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answers a request, or lets the application answer it. A server may have set `footfall.request_id`."""
        if REQUEST_ID not in environ:
            environ[REQUEST_ID] = new_request_id()
        return self._run(environ, start_response)

    def script(self, environ: "WSGIEnvironment", **facts: object) -> str:
        """The elements that a page needs in its head.

        facts: what the page says of itself, such as `page_type="article"`; one that is None is left out.
        `docs/measuring/any-page.md` of Footfall lists them.
        """
        sources = [_escaped(quote(environ.get("SCRIPT_NAME", "")) + path) for path in self.scripts]
        said = {"site": self._site, "request_id": environ[REQUEST_ID], **facts}
        attributes = {f"data-{name.replace('_', '-')}": value for name, value in said.items() if value is not None}
        listed = "".join(f' {name}="{_escaped(str(value))}"' for name, value in attributes.items())
        # The first is the tracker, to which the page says what it is about.
        elements = [f'<script defer src="{sources[0]}"{listed}></script>']
        return "".join(elements + [f'<script defer src="{source}"></script>' for source in sources[1:]])

    def _answer(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path, method = environ.get("PATH_INFO", ""), environ.get("REQUEST_METHOD", "GET")
        if path == self.collect_path and method == "POST":
            environ[ENDPOINT] = "footfall.collect"
            ask = self._sink.collect
        elif path in self.scripts and method in ("GET", "HEAD"):
            environ[ENDPOINT] = "footfall.script"
            ask = partial(self._sink.script, self.scripts[path])
        else:
            return self._pass_on(environ, start_response)
        try:
            answer = ask(environ)
        except Unavailable as error:
            log.warning("%s", error)
            answer = _UNAVAILABLE
        except Exception as failure:
            return self._failed(environ, start_response, failure)
        return answer.send(start_response, environ[REQUEST_ID], method == "HEAD")

    def _pass_on(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Lets the application answer; the request's id is among the headers."""

        def named(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            kept = [pair for pair in headers if pair[0].lower() != "x-request-id"]
            return start_response(status, [*kept, ("X-Request-Id", environ[REQUEST_ID])], exc_info)

        return self._application(environ, named)

    def _failed(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", failure: Exception
    ) -> Iterable[bytes]:
        """Answers if the sink failed in a way that it should not; the server does it, as for any application."""
        raise failure


def new_request_id() -> str:
    """A UUIDv7: 48 bits of time, then random bits with version and variant in their places."""
    bits = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    bits = bits & ~(0xF << 76) & ~(0x3 << 62) | (7 << 76) | (2 << 62)
    digits = f"{bits:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _opened(logs: str | os.PathLike[str] | Logs | None, site: str) -> Logs | None:
    if not isinstance(logs, (str, os.PathLike)):
        return logs
    if not os.fspath(logs):
        raise ValueError("logs must be the path of a folder, and is empty.")
    try:
        return WebLogs(Path(logs), site)
    except OSError as error:
        raise ValueError(f"logs must be a folder that can be written: {error}.") from None


def _escaped(text: str) -> str:
    """Text as an attribute's value."""
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")

"""A real site in this process, called without a socket, that caches its answers.

Rendering and parsing a page takes a millisecond or two. Most pages are the same for everyone, so a few hundred of them
serve a million visits. The parts of the session that a page depends on belong to its cache key.
"""

import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

import orjson
from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SessionInterface, SessionMixin
from werkzeug.test import run_wsgi_app

from footfall.recommendations.reads import Reads
from footfall.settings import Settings
from footfall.site_registry import DemoSite
from footfall.sites.app import create_app
from footfall.sites.degradation import unavailable
from footfall.sites.pages import PENDING_EVENTS
from footfall.sites.stock import RESTOCK_S, Stock
from footfall.sites.visitors.behaviour import Behaviour
from footfall.sites.visitors.gestures import Document, document
from footfall.sites.visitors.markup import page_of, parse

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

# Placeholders in cached pages for the ids of each request and each user.
REQUEST_ID: Final = "00000000-0000-7000-8000-000000000000"
USER_ID: Final = "u000000"
# Pages show how old articles are. With the real clock, the size of a page would depend on when it was first asked for.
_PAGES_AT: Final = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
_EMAIL: Final = f"{USER_ID}@example.com"
_TOKEN: Final = "simulated"  # noqa: S105 - no secret: nobody else can ask this site
# A page and its links take some 50 kB; each site has fewer than 1,000 pages that are the same for everyone.
_REMEMBERED: Final = 2_500
# The parts of a session that a page depends on, in addition to the login, by the beginning of its path. Other pages
# depend on the whole session, and so do forms.
_DEPENDS: Final[dict[DemoSite, dict[str, tuple[str, ...]]]] = {
    "shop": {
        "/category/": (),
        "/product/": (),
        "/search": (),
        "/login": (),
        "/cart": ("cart",),
        "/checkout": ("cart",),
    },
    "news": {"/section/": (), "/article/": (), "/search": (), "/login": (), "/newsletter": ()},
    # Pages of a course show only ticks for the lessons that were read; but see `_part`.
    "academy": {"/catalogue": (), "/search": (), "/login": (), "/course/": (), "/quiz/": ("quizzes",)},
}
# The same for forms; they redirect, and the parts of the session that they change are those they depend on.
_FORMS_DEPEND: Final[dict[str, tuple[str, ...]]] = {"/cart/": ("cart",), "/quiz/": ("quizzes",)}
_COURSE: Final = "/course/"

_ENVIRON: Final[dict[str, Any]] = {
    "SCRIPT_NAME": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "localhost",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": False,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}

Session = dict[str, Any]
# The visitor's action, and the exception.
Failure = tuple[str, Exception]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one request.

    location: the target of a redirect, if it is one. waited_s: time spent waiting for others, such as a bank. session:
    the given parts of the session afterwards. changed: whether they differ. document: None for a redirect.
    """

    status: int
    location: str | None
    bytes_sent: int
    endpoint: str
    waited_s: float
    failure: Failure | None
    session: Session
    changed: bool
    document: Document | None


class RememberingSite:
    """One site. For use by one thread; close it after use."""

    def __init__(self, app_id: DemoSite, behaviour: Behaviour, lists: Reads | None = None) -> None:
        """Creates the site with an empty home of its own, so that it touches nothing of the running platform.

        lists: what learning found; None: its pages have no list "for you".
        """
        self._open = ExitStack()
        home = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="footfall-history-")))
        self._app_id: DemoSite = app_id
        self._behaviour = behaviour
        self._recorded = _RequestRecorder()
        self._app = _site(Settings(home=home), app_id, self._recorded, lists)
        self._order_id = REQUEST_ID
        self._app.config.update(WAIT=self._recorded.wait, NEW_ID=lambda: self._order_id, NOW=lambda: _PAGES_AT)
        self._ask = lru_cache(maxsize=_REMEMBERED)(self._asked)
        self._target = lru_cache(maxsize=_REMEMBERED)(self._read)

    def close(self) -> None:
        """Deletes the site's home."""
        self._open.close()

    def ask(
        self,
        target: str,
        session: Session,
        form: Mapping[str, str] | None = None,
        failing: bool = False,
        order_id: str | None = None,
    ) -> Outcome:
        """Requests a page, or sends a form.

        target: path and query. session: as an earlier outcome left it, `{}` at first. failing: whether its content
        service does not answer. order_id: of an order that this request may place.
        """
        asked, names, course = self._target(target, form is not None)
        sent = None if form is None else urlencode({name: _general(name, value) for name, value in form.items()})
        kept = session if names is None or PENDING_EVENTS in session else _part(session, names, course)
        before = orjson.dumps(kept, option=orjson.OPT_SORT_KEYS) if kept else b"{}"
        if order_id is not None and sent is not None and asked == "/checkout":
            # Each order is different, so there is nothing to cache.
            self._order_id = order_id
            return self._asked(asked, before, sent, failing)
        return self._ask(asked, before, sent, failing)

    def fetch_list(
        self, address: str, asked: Mapping[str, str], session: Session, user_id: str | None
    ) -> tuple[Outcome, str | None]:
        """Asks for the list of a page; returns its markup too, None if there is none. It is a person's own, so nothing
        is cached.

        user_id: of the person, who may be logged in.
        """
        known = {**session, "user_id": user_id} if "user_id" in session else session
        status, html, _ = self._run(address, known, orjson.dumps(asked), "application/json", failing=False)
        outcome = Outcome(
            status=status,
            location=None,
            bytes_sent=len(html),
            endpoint=self._recorded.environ["footfall.endpoint"],
            waited_s=0.0,
            failure=self._recorded.failure,
            session={},
            changed=False,
            document=None,
        )
        return outcome, html.decode() if status == 200 else None

    def sections(self) -> frozenset[str]:
        """The sections that people may like on this site, from the links of its front page."""
        entry = self.ask("/", {}).document
        assert entry is not None
        return frozenset(
            link.subject for links in entry.page.links.values() for link in links if link.subject != link.path
        )

    def after(self, target: str, session: Session, outcome: Outcome, form: bool = False) -> Session:
        """The session after a request. form: whether the request sent a form."""
        names = self._target(target, form)[1]
        if names is None or PENDING_EVENTS in session:
            return outcome.session
        if not outcome.changed:
            return session
        changed = {name: value for name, value in outcome.session.items() if name != "user_id"}
        if "read" in changed:
            # A page adds at most its own lesson as read.
            read = session.get("read", [])
            changed["read"] = [*read, *(entry for entry in changed["read"] if entry not in read)]
        return {**session, **changed}

    def _read(self, target: str, form: bool) -> tuple[str, tuple[str, ...] | None, str]:
        """The target without campaign, the parts of a session it depends on (None: all), and its course, if any."""
        path, _, query = target.partition("?")
        asked = f"{path}?{query}" if query and not query.startswith("utm_") else path  # no page depends on a campaign
        course = path.removeprefix(_COURSE) if path.startswith(_COURSE) else ""
        known = _FORMS_DEPEND if form else _DEPENDS[self._app_id]
        names = () if path == "/" else next((names for start, names in known.items() if path.startswith(start)), None)
        return asked, names, course

    def _asked(self, target: str, before: bytes, sent: str | None, failing: bool) -> Outcome:
        session = {**orjson.loads(before), "csrf": _TOKEN}
        form = None if sent is None else sent.encode()
        status, html, location = self._run(target, session, form, "application/x-www-form-urlencoded", failing)
        environ = self._recorded.environ
        where = None if location is None else urlsplit(location)._replace(scheme="", netloc="").geturl()
        after = {name: value for name, value in environ["footfall.session"].items() if name != "csrf"}
        if "user_id" in after:
            after["user_id"] = USER_ID
        return Outcome(
            status=status,
            location=where,
            bytes_sent=len(html),
            endpoint=environ["footfall.endpoint"],
            waited_s=self._recorded.waited_s,
            failure=self._recorded.failure,
            session=after,
            changed=after != orjson.loads(before),
            document=None if location is not None else self._document(html.decode(), target, status),
        )

    def _run(
        self, target: str, session: Session, sent: bytes | None, content_type: str, failing: bool
    ) -> tuple[int, bytes, str | None]:
        """Sends a request to the site; returns status, body and the target of a redirect. `_recorded` has the rest."""
        self._recorded.begin()
        path, _, query = target.partition("?")
        environ = {
            **_ENVIRON,
            "REQUEST_METHOD": "GET" if sent is None else "POST",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "wsgi.input": BytesIO(sent or b""),
            "footfall.request_id": REQUEST_ID,
            "footfall.session": session,
            "footfall.failing": failing,
        }
        if sent is not None:
            environ |= {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(sent))}
        body, status_line, headers = run_wsgi_app(self._app, environ, buffered=True)
        return int(status_line[:3]), b"".join(body), headers.get("Location")

    def _document(self, html: str, target: str, status: int) -> Document:
        markup = parse(html, target.partition("?")[0])
        return document(markup, page_of(markup, target, status, self._behaviour))


def _part(session: Session, names: tuple[str, ...], course: str) -> Session:
    """The parts of a session that a request depends on."""
    part = {name: session[name] for name in ("user_id", *names) if name in session}
    if course and (read := [number for slug, number in session.get("read", ()) if slug == course]):
        # The page of a course links to the lesson after the last one that was read.
        part["read"] = [[course, max(read)]]
    return part


def _general(name: str, value: str) -> str:
    """A form's value with a personal e-mail address replaced, on which no page depends."""
    return _EMAIL if name == "email" and "@" in value else value


def _site(settings: Settings, app_id: DemoSite, recorded: "_RequestRecorder", lists: Reads | None) -> Flask:
    app = create_app(app_id, settings, None, recorded, lists)
    app.session_interface = _GivenSession()
    # The stock's clock advances far enough between two calls that everything sold is in stock again.
    ages = count(step=10_000 * RESTOCK_S)
    app.config["STOCK"] = Stock(lambda: float(next(ages)))

    @app.before_request
    def fail() -> None:
        if request.environ["footfall.failing"]:
            raise unavailable(app_id)

    return app


class _GivenSession(SessionInterface):
    """Passes the session in the request's environment instead of a signed cookie."""

    def open_session(self, app: Flask, request: Request) -> SessionMixin:
        return SecureCookieSession(request.environ["footfall.session"])

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        request.environ["footfall.session"] = dict(session)


class _RequestRecorder:
    """Replaces the site's logs and its waiting; records what the current request logged and how long it would wait."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.environ: WSGIEnvironment = {}
        self.waited_s = 0.0
        self.failure: Failure | None = None

    def wait(self, seconds: float) -> None:
        self.waited_s += seconds

    def around(self, application: "WSGIApplication") -> "WSGIApplication":
        def asked(environ: "WSGIEnvironment", start_response: Any) -> Any:
            self.environ = environ
            return application(environ, start_response)

        return asked

    def error(self, environ: "WSGIEnvironment", user_action: str, failure: BaseException, status: int) -> None:
        assert isinstance(failure, Exception)
        self.failure = (user_action, failure)

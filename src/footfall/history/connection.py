"""One person's connection to a cached site in simulated time: response times, failures, and the resulting log lines."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final, NamedTuple

from footfall.events.address import truncate
from footfall.history.day_profile import Trouble
from footfall.history.site import USER_ID, Failure, Outcome, RememberingSite, Session
from footfall.names import LogKind
from footfall.sites.degradation import SLOW_S
from footfall.sites.visitors.behaviour import Behaviour
from footfall.sites.visitors.gestures import Document
from footfall.sites.visitors.population import Person
from footfall.sites.visitors.world import Stopped
from footfall_web.log_escaping import loggable_agent, loggable_referrer, target_of
from footfall_web.log_lines import Served, error_line

_REDIRECTS: Final = 5
# Median duration of a page on the server; a small share of pages takes much longer.
_SERVER_MS: Final = 40.0
# The same for a list.
_LIST_MS: Final = 8.0
_SERVER_SPREAD: Final = 0.45
_LONG_SHARE: Final = 0.015
_LONG_FACTOR: Final = (8.0, 30.0)
_CPU_SHARE: Final = 0.7
_MEMORY_BYTES: Final = (120 << 20, 168 << 20)
_PAGE_BYTES: Final = 4096
_MEMORY_PAGES: Final = (_MEMORY_BYTES[1] - _MEMORY_BYTES[0]) // _PAGE_BYTES

Line = tuple[LogKind, int, bytes]
Request = tuple[Served, Failure | None]


class Clock:
    """The simulated time of one visit; the visit ends with its day. See `browser.Surroundings`."""

    def __init__(self, behaviour: Behaviour, start_ms: int, end_ms: int) -> None:
        self.behaviour = behaviour
        self._start_ms = start_ms
        # Counted from the start: a sum of small numbers is exact far below a millisecond, a sum of epoch times is not.
        self._lived_ms = 0.0
        self._longest_ms = float(end_ms - start_ms)

    def now_ms(self) -> int:
        """Now, in epoch milliseconds."""
        return self._start_ms + int(self._lived_ms)

    def live(self, seconds: float) -> None:
        """Advances the time. Raises Stopped when the day is over."""
        self._lived_ms += seconds * 1000
        if self._lived_ms >= self._longest_ms:
            self._lived_ms = self._longest_ms
            raise Stopped

    def wait(self, seconds: float) -> None:
        """Like `live`: there are no pauses in simulated time."""
        self.live(seconds)

    def count(self, what: str) -> None:
        """Does nothing: the day counts its events itself."""


class Recalled(NamedTuple):
    """A loaded document with the request's and the user's own ids inserted. See `transport.Answer`."""

    path: str
    response_ms: int
    request_id: str
    user_id: str | None
    outcome: Outcome

    def read(self, behaviour: Behaviour) -> Document:
        """Returns the parsed document."""
        shared = self.outcome.document
        assert shared is not None
        page = shared.page if shared.page.path == self.path else replace(shared.page, path=self.path)
        user_id = shared.user_id if self.user_id is None or shared.user_id != USER_ID else self.user_id
        return Document(
            page, shared.about, shared.title, shared.status, self.request_id, user_id, shared.shown, shared.later
        )


class SimulatedConnection:
    """Loads pages for one visit of one person and keeps each request in `requests`. See `browser.Connection`."""

    def __init__(
        self,
        site: RememberingSite,
        app_id: str,
        url: str,
        person: Person,
        session: Session,
        clock: Clock,
        new_id: Callable[[int], str],
        rng: random.Random,
        trouble: Trouble | None,
        round_trip_ms: int,
    ) -> None:
        """url: the site's address, without a slash at its end. session: the content of the session cookie."""
        self.requests: list[Request] = []
        self._site, self._app_id, self._url = site, app_id, url
        self._person, self._session = person, session
        self._clock, self._new_id, self._rng = clock, new_id, rng
        self._trouble, self._round_trip_ms = trouble, round_trip_ms
        self._address = truncate(person.address)
        self._agent = loggable_agent(person.device.user_agent)

    def load(self, path: str, referrer: str | None, form: Mapping[str, str] | None = None) -> Recalled:
        """Follows redirects to the document. Raises Stopped at the end of the day."""
        for _ in range(_REDIRECTS):
            at_ms = self._clock.now_ms()
            request_id = self._new_id(at_ms)
            outcome, server_ms = self._ask(path, form, request_id, at_ms)
            self._log(path, referrer, form, outcome, request_id, at_ms, server_ms)
            response_ms = server_ms + self._round_trip_ms
            self._clock.live(response_ms / 1000)
            if outcome.location is None:
                break
            path, form = outcome.location, None
        return Recalled(path, round(response_ms), request_id, self._person.user_id, outcome)

    def fetch_list(self, address: str, asked: Mapping[str, str], referrer: str) -> str | None:
        """Asks for the list of a loaded page; returns its markup, None if there is none.

        The person looks at the page meanwhile, so no time passes.
        """
        at_ms = self._clock.now_ms()
        outcome, html = self._site.fetch_list(address, asked, self._session, self._person.user_id)
        # HBase takes longer than the rest.
        server_ms = self._rng.lognormvariate(0, _SERVER_SPREAD) * _LIST_MS
        self._log(address, referrer, {}, outcome, self._new_id(at_ms), at_ms, server_ms)
        return html

    def absolute(self, path: str) -> str:
        """The address of a page of the site, as in a referrer."""
        return self._url + path

    def is_own(self, address: str) -> bool:
        """Whether a complete address belongs to the site."""
        return address.startswith(self._url + "/")

    def _ask(self, path: str, form: Mapping[str, str] | None, request_id: str, at_ms: int) -> tuple[Outcome, float]:
        """Asks the site; returns the outcome and the duration in milliseconds."""
        rng, trouble = self._rng, self._trouble
        troubled = trouble is not None and trouble.start_ms <= at_ms < trouble.end_ms and rng.random() < trouble.share
        failing = troubled and trouble is not None and trouble.kind == "errors"
        outcome = self._site.ask(path, self._session, form, failing, order_id=request_id)
        self._session = self._site.after(path, self._session, outcome, form is not None)
        # Independent of the page's size: one byte more would change the times of a visit, and thereby its identities.
        server_ms = rng.lognormvariate(0, _SERVER_SPREAD) * _SERVER_MS
        if rng.random() < _LONG_SHARE:
            server_ms *= rng.uniform(*_LONG_FACTOR)
        if troubled and not failing:
            server_ms += rng.uniform(*SLOW_S) * 1000
        return outcome, server_ms + outcome.waited_s * 1000

    def _log(
        self,
        path: str,
        referrer: str | None,
        form: Mapping[str, str] | None,
        outcome: Outcome,
        request_id: str,
        at_ms: int,
        server_ms: float,
    ) -> None:
        served = Served(
            app_id=self._app_id,
            request_id=request_id,
            at_ms=at_ms,
            duration_us=round(server_ms * 1000),
            address=self._address,
            method="GET" if form is None else "POST",
            target=_target(path),
            protocol="HTTP/1.1",
            status=outcome.status,
            bytes_sent=outcome.bytes_sent,
            referrer=_referrer(referrer or ""),
            agent=self._agent,
            endpoint=outcome.endpoint,
            queue_us=60 + int(self._rng.random() * 840),
            memory_bytes=_MEMORY_BYTES[0] + int(self._rng.random() * _MEMORY_PAGES) * _PAGE_BYTES,
            cpu_us=round((server_ms - outcome.waited_s * 1000) * _CPU_SHARE * 100),
        )
        self.requests.append((served, outcome.failure))


def lines_of(requests: Iterable[Request]) -> Iterator[Line]:
    """Yields the log lines that the site would have written for the requests."""
    for served, failed in requests:
        at_ms = served.at_ms
        yield "access", at_ms, served.access_line()
        yield "performance", at_ms, served.performance_line()
        if failed is not None:
            action, failure = failed
            page_path = served.target.partition("?")[0]
            line = error_line(served.app_id, served.request_id, at_ms, page_path, action, failure, served.status)
            yield "error", at_ms, line


@lru_cache(maxsize=16_384)
def _target(path: str) -> str:
    bare, _, query = path.partition("?")
    return target_of({"REQUEST_URI": bare, "QUERY_STRING": query})


_referrer = lru_cache(maxsize=16_384)(loggable_referrer)

"""The collector: decides about the events posted to `/collect`, stores them safely, and only then answers.

These requests are the most frequent ones. They are answered ahead of Flask and in two steps, so that a server does not
need a waiting thread for each (see `server`).
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from footfall import site_registry
from footfall.events.address import client_of, one_client, truncate
from footfall.events.bots import RateRule
from footfall.events.consent import refused
from footfall.events.geo import Geography
from footfall.events.rejects import Reject, reject_record
from footfall.events.stamp import Context, accept
from footfall.events.times import format_rfc3339_ms
from footfall.host_names import SENTENCE, HostNames
from footfall.settings import Settings
from footfall.site_addresses import COLLECTOR, service_of
from footfall.sites import security, server_events, site_keys
from footfall.sites.outcome import Judge, Limits, Outcome, cost, decide_all, receive, refusal, unreadable
from footfall.sites.producer import Batch, KafkaProducer
from footfall.sites.rate_limit import FloodGate
from footfall.sites.spool import Spool
from footfall.sites.spool_drain import Drain
from footfall_web import Answer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Per minute at pace 1. A person who clicks without a pause stays far below this; see events/bots.py.
_BOT_EVENTS_PER_MINUTE: Final = 120
# A session's row in HBase has a cell for each event and is read as a whole, so its size must be limited. Reading for
# eight hours without a pause makes about this many events; at the slow rate eight days add some 60,000, about 10 MB.
_SESSION_EVENTS_AT_ONCE: Final = 5_000
_SESSION_EVENTS_PER_MINUTE: Final = 5
# A healthy broker answers in milliseconds. After this time, spooling the event is the faster way to store it.
_REPORT_PATIENCE_S: Final = 2.0
_RETRY_AFTER_S: Final = 5
_CLOSE_PATIENCE_S: Final = 5.0
_LATER: Final = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS)
PATH: Final = "/collect"
FOREIGN_ORIGIN: Final = "Events are taken from this site's own pages only."
NO_ORIGIN: Final = "This site has no origin, so no page may send it events; its own server sends them to /v1/events."
# In a request's environment: what `begin` returned for it, if the server has called it.
BEGUN: Final = "footfall.begun"
_JSON: Final = "application/json"
_HEADERS: Final = (("Content-Type", _JSON), *security.HEADERS.items())
# A page of a registered origin may read the answer.
_FOREIGN_HEADERS: Final = (("Content-Type", _JSON), *security.FOREIGN_HEADERS.items())


class PendingRequest:
    """A request whose outcome is decided, and whose records are on their way to Kafka unless the spool comes first."""

    def __init__(self, outcome: Outcome | Exception, batch: Batch | None, until: float) -> None:
        """outcome: the decision, or what it raised. batch: None if nothing was sent. until: end of the wait for it."""
        self.outcome = outcome
        self.batch = batch
        self.until = until

    def notify(self, producer: KafkaProducer, ready: Callable[[], None]) -> None:
        """Calls `ready` once, on any thread, when `Collector.finish` no longer needs to wait for this producer."""
        if self.batch is None:
            ready()
        else:
            producer.watch(self.batch, self.until, ready)

    @property
    def blocks(self) -> bool:
        """Whether `Collector.finish` would wait now, for Kafka's reports or for the disk."""
        if self.batch is not None:
            return not self.batch.delivered
        return isinstance(self.outcome, Outcome) and bool(self.outcome.records)


class Shared(NamedTuple):
    """What several collectors of one process have in common."""

    producer: KafkaProducer
    geography: Geography


class Collector:
    """Collects the events of one site. One per site; safe for any thread."""

    def __init__(self, settings: Settings, app_id: str, shared: Shared | None = None) -> None:
        """shared: what others use, too, and close; None: this one makes its own.

        Raises SpoolLocked if another process collects for this site, OSError if its spool cannot be used, and
        SitesError.
        """
        self.app_id = app_id
        self._settings = settings
        # An unusable list of sites must fail here, not at the first event.
        self._origins()
        self._names = HostNames(settings, app_id)
        self._trusted = settings.trusted_proxies
        self._geography = Geography(settings.install / "geography") if shared is None else shared.geography
        self._rate_rule = RateRule(max(1, int(_BOT_EVENTS_PER_MINUTE * settings.pace)))
        self._addresses = FloodGate(settings.client_events_per_minute, settings.client_events_per_minute)
        self._limits = Limits(
            FloodGate(settings.site_events_per_minute, settings.site_events_per_minute),
            FloodGate(_SESSION_EVENTS_AT_ONCE, _SESSION_EVENTS_PER_MINUTE),
        )
        self._spool = Spool(settings.spool_dir / app_id, int(settings.retention.spool_gib * 2**30))
        self._owns_producer = shared is None
        self._producer = KafkaProducer(settings.kafka_bootstrap) if shared is None else shared.producer
        self._drain = Drain(self._spool, self._producer)
        self._counts: Counter[str] = Counter()
        self._counting = threading.Lock()

    def start(self) -> None:
        """Starts to send the records that an earlier process spooled."""
        self._drain.start()

    def stop(self) -> None:
        """Stops to send what is spooled."""
        self._drain.stop()

    def close(self) -> None:
        """Shuts down in order; records that are not in Kafka by then stay in the spool."""
        self.stop()
        if self._owns_producer:
            self._producer.close(_CLOSE_PATIENCE_S)
        self._spool.close()

    def begin(self, environ: "WSGIEnvironment") -> PendingRequest | None:
        """Decides about a request and sends its records, without waiting; None if the request is not for the collector.

        Never raises: `finish` raises what went wrong here.
        """
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "POST":
            return None
        return self._begin(partial(self._decide, environ))

    def begin_from_server(self, environ: "WSGIEnvironment") -> PendingRequest:
        """Begins like `begin`, for a request to the API from a server that has shown the site's key."""
        decide = partial(server_events.decide, environ, self._settings, self.app_id)
        return self._begin(partial(decide, self._names, self._geography, self._limits))

    def _begin(self, decide: Callable[[], Outcome]) -> PendingRequest:
        until = time.monotonic() + _REPORT_PATIENCE_S
        try:
            outcome = decide()
        except Exception as error:
            return PendingRequest(error, None, until)
        send = outcome.records and not self._spool.behind
        return PendingRequest(outcome, self._producer.send(outcome.records) if send else None, until)

    def notify(self, begun: PendingRequest, ready: Callable[[], None]) -> None:
        """Calls `ready` once, on any thread, when `finish` no longer needs to wait for Kafka."""
        begun.notify(self._producer, ready)

    def finish(self, begun: PendingRequest) -> Outcome:
        """Returns the outcome once each record is in Kafka or fsynced in the spool; raises what made `begin` fail."""
        outcome = begun.outcome
        if isinstance(outcome, Exception):
            raise outcome
        records = outcome.records
        if begun.batch is not None:
            records = [records[index] for index in begun.batch.wait(begun.until - time.monotonic())]
        if records:
            try:
                self._spool.append(records)
            except OSError:
                # Some of the records may be stored even so.
                outcome = refusal(HTTPStatus.SERVICE_UNAVAILABLE, "Nothing can be stored at the moment.")
        with self._counting:
            self._counts.update(outcome.counts)
        return outcome

    def collect(self, environ: "WSGIEnvironment") -> Answer:
        """Answers a request to `/collect`; raises what made `begin` fail.

        `footfall.begun`, if the server sets it, is what `begin` returned for the request.
        """
        outcome = self.finish(environ.get(BEGUN) or self._begin(partial(self._decide, environ)))
        origin = environ.get("HTTP_ORIGIN")
        if origin is None or origin not in self._origins():
            return _answer(outcome, _HEADERS)
        # Without it, a page of another origin could not see that its events are stored and would repeat them.
        return _answer(outcome, (*_FOREIGN_HEADERS, ("Access-Control-Allow-Origin", origin), ("Vary", "Origin")))

    def collect_from_server(self, environ: "WSGIEnvironment") -> Answer:
        """Answers a request to the API like `collect`, after `begin_from_server`."""
        return _answer(self.finish(environ.get(BEGUN) or self.begin_from_server(environ)), _HEADERS)

    def health(self) -> dict[str, object]:
        """The content of `/healthz`. `spool_oldest_received_at` is a lower bound for the oldest spooled event."""
        oldest = self._spool.oldest_ms
        with self._counting:
            counts = dict(sorted(self._counts.items()))
        return {
            "app": self.app_id,
            "kafka_answers": self._producer.answers(),
            "spool_records": self._spool.records,
            "spool_oldest_received_at": None if oldest is None else format_rfc3339_ms(oldest),
            "since_start": counts,
        }

    def _decide(self, environ: "WSGIEnvironment") -> Outcome:
        if not self._names.admit(environ.get("HTTP_HOST"), environ.get("HTTP_X_FORWARDED_HOST")):
            return refusal(HTTPStatus.MISDIRECTED_REQUEST, SENTENCE)
        origin, origins = environ.get("HTTP_ORIGIN"), self._origins()
        # A site with a server of its own has the pages of that server.
        if not origins and service_of(self._settings, self.app_id) == COLLECTOR:
            return refusal(HTTPStatus.FORBIDDEN, NO_ORIGIN)
        if origin is not None and not security.is_own(origin, environ, self._trusted) and origin not in origins:
            return refusal(HTTPStatus.FORBIDDEN, FOREIGN_ORIGIN)
        trusted, key = self._trusted, environ.get(site_keys.HEADER)
        if key is not None:
            if not site_keys.matches(self._settings, self.app_id, key):
                return refusal(HTTPStatus.UNAUTHORIZED, "This is not the key of the site.")
            # The site's own server says for whom it asks.
            trusted = site_keys.ANYBODY
        received = receive(environ, self._settings)
        if isinstance(received, Outcome):
            return received
        body, parsed, received_ms = received
        address = client_of(environ, trusted)
        request_cost = cost(body, received.events, self._settings.client_events_per_minute)
        if not self._addresses.admits(one_client(address), request_cost):
            return refusal(HTTPStatus.TOO_MANY_REQUESTS, "Too many events from this address.")
        if not self._limits.site.admits(self.app_id, request_cost):
            return refusal(HTTPStatus.TOO_MANY_REQUESTS, "Too many events for this site.")
        gpc, dnt = environ.get("HTTP_SEC_GPC") == "1", environ.get("HTTP_DNT") == "1"
        prefix = truncate(address)
        context = Context(
            self.app_id,
            received_ms,
            address_prefix=prefix,
            user_agent=environ.get("HTTP_USER_AGENT"),
            gpc=gpc,
            dnt=dnt,
            place=self._geography.look_up(prefix),
        )
        judge = Judge(
            accept=lambda event: accept(event, context, self._rate_rule),
            refuse=lambda reject, original, event: self._reject(reject, original, event, received_ms, gpc or dnt),
            say=lambda reject, _: {"event_id": reject.event_id, "reason": reject.reason},
        )
        if isinstance(parsed, Reject):
            return unreadable(parsed, body, received_ms, judge)
        return decide_all(parsed, body, received_ms, judge, self._limits.sessions)

    def _origins(self) -> tuple[str, ...]:
        """The browser origins that are registered for this site now, in addition to its own host's."""
        site = site_registry.find(self._settings, self.app_id)
        return () if site is None else site.origins

    def _reject(self, reject: Reject, original: bytes, event: object, received_ms: int, by_headers: bool) -> bytes:
        left = refused(reject, original, event, by_headers)
        return reject_record(left.reject, left.original, self.app_id, received_ms, left.denied)


def _answer(outcome: Outcome, headers: Sequence[tuple[str, str]]) -> Answer:
    later = (("Retry-After", str(_RETRY_AFTER_S)),) if outcome.status in _LATER else ()
    return Answer(outcome.status, (*headers, *later), orjson.dumps(outcome.content))

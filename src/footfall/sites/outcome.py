"""What every way into the collector has in common: the bounds of a body, and what becomes of each event in it."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wsgi import get_input_stream

from footfall.events.bodies import TooLarge, UnknownEncoding, element_bytes, expanded, parse_body
from footfall.events.rejects import Reject
from footfall.runtime import disk_mark
from footfall.settings import Settings
from footfall.sites.rate_limit import FloodGate
from footfall.sites.spool import Record, Topic

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# The largest body that is accepted, in bytes.
LARGEST_BODY: Final = 256 * 1024
MAX_EVENTS: Final = 100
# The largest event, in bytes as it is stored. The tracker's events have less than 2 KB. With each field at its own
# bound, an event would have 160 KB.
LARGEST_EVENT: Final = 32 * 1024
# Limits count events, or the bytes of a request in units of this size if that is more: what is stored is bounded, too.
_BYTES_OF_EVENT: Final = 2 * 1024
_REFUSALS: Final = {
    HTTPStatus.UNAUTHORIZED: "wrong_key",
    HTTPStatus.FORBIDDEN: "foreign_origin",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unknown_encoding",
    HTTPStatus.MISDIRECTED_REQUEST: "unknown_host",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
}


class Outcome(NamedTuple):
    """The answer to a request, and the counts to add, once its records are stored."""

    status: HTTPStatus
    content: Mapping[str, object]
    counts: Mapping[str, int]
    records: Sequence[Record] = ()


class Received(NamedTuple):
    """A body that is within the bounds. parsed: as `parse_body` returns it. at_ms: milliseconds since 1970."""

    body: bytes
    parsed: Sequence[object] | Reject
    at_ms: int

    @property
    def events(self) -> int:
        """How many events it counts as. A body that is not JSON becomes one record."""
        return 1 if isinstance(self.parsed, Reject) else len(self.parsed)


class Judge(NamedTuple):
    """How one way in decides about an event.

    accept: the event as it is stored, or a Reject. refuse: the record of a reject, given the bytes and the value that
    were sent. say: what the answer tells of a reject, beside its place in the body.
    """

    accept: Callable[[object], dict[str, Any] | Reject]
    refuse: Callable[[Reject, bytes, object], bytes]
    say: Callable[[Reject, object], dict[str, object]]


class Limits(NamedTuple):
    """What everybody together may send: to the site, and in one session."""

    site: FloodGate
    sessions: FloodGate


def refusal(status: HTTPStatus, sentence: str) -> Outcome:
    """The outcome of a request of which nothing is stored."""
    return Outcome(status, {"error": _REFUSALS[status], "detail": sentence}, {f"refused_{status.value}": 1})


def receive(environ: "WSGIEnvironment", settings: Settings) -> Received | Outcome:
    """The events of a request; the refusal if there are too many, or if nothing can be taken in."""
    body = _read_body(environ)
    if isinstance(body, Outcome):
        return body
    if disk_mark.is_low(settings):
        return refusal(HTTPStatus.SERVICE_UNAVAILABLE, "The disk is nearly full; nothing is taken in.")
    at_ms = time.time_ns() // 1_000_000
    received = Received(body, parse_body(body), at_ms)
    if received.events > MAX_EVENTS:
        return refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {MAX_EVENTS} events at once.")
    return received


def _read_body(environ: "WSGIEnvironment") -> bytes | Outcome:
    """The body of a request, expanded if it is compressed; the refusal if it is too large or cannot be expanded."""
    try:
        body = get_input_stream(environ, max_content_length=LARGEST_BODY).read()
        if encoding := environ.get("HTTP_CONTENT_ENCODING"):
            body = expanded(body, encoding, LARGEST_BODY)
    except (RequestEntityTooLarge, TooLarge):
        return refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is larger than 256 KiB.")
    except UnknownEncoding:
        return refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Bodies may be compressed by gzip or deflate.")
    return body


def cost(body: bytes, events: int, most: int) -> int:
    """What a request costs of an allowance. most: even the lowest limit lets the largest body through once a minute."""
    return max(events, min(-(-len(body) // _BYTES_OF_EVENT), most))


def unreadable(parsed: Reject, body: bytes, received_ms: int, judge: Judge) -> Outcome:
    """The outcome of a body that is no JSON: one reject. received_ms: milliseconds since 1970."""
    record = Record(Topic.REJECTED, received_ms, b"", judge.refuse(parsed, body, None))
    content = {"error": parsed.reason, "detail": parsed.detail}
    return Outcome(HTTPStatus.BAD_REQUEST, content, {"rejected": 1}, [record])


def decide_all(parsed: Sequence[object], body: bytes, received_ms: int, judge: Judge, sessions: FloodGate) -> Outcome:
    """Decides about each event of a body. An element that cannot be parsed is a Reject already.

    sessions: how many events a session may have.
    """
    records: list[Record] = []
    rejected: list[dict[str, object]] = []
    originals: list[bytes] | None = None
    of_session: Counter[str] = Counter()
    for index, event in enumerate(parsed):
        decided = event if isinstance(event, Reject) else judge.accept(event)
        stored = b"" if isinstance(decided, Reject) else orjson.dumps(decided)
        if len(stored) > LARGEST_EVENT and not isinstance(decided, Reject):
            decided = Reject("too_long", "The event is larger than 32 KiB.", decided["event_id"])
        if isinstance(decided, Reject):
            originals = element_bytes(body) if originals is None else originals
            records.append(Record(Topic.REJECTED, received_ms, b"", judge.refuse(decided, originals[index], event)))
            rejected.append({"index": index, **judge.say(decided, event)})
        else:
            session = decided["session_id"]
            of_session[session] += 1
            records.append(Record(Topic.EVENTS, received_ms, session.encode(), stored))
    if not all(sessions.admits(session, count) for session, count in of_session.items()):
        return refusal(HTTPStatus.TOO_MANY_REQUESTS, "Too many events of one session.")
    accepted = len(parsed) - len(rejected)
    counts = {"accepted": accepted, "rejected": len(rejected)}
    return Outcome(HTTPStatus.ACCEPTED, {"accepted": accepted, "rejected": rejected}, counts, records)

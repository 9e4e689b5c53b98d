"""Decides about the events that a site's own server sends to the API, `POST /v1/events?site=NAME`.

The server has shown the site's key. It is no visitor: nothing is concluded from its address, its agent or its headers.
"""

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from footfall.events.geo import Geography
from footfall.events.rejects import Reject, reject_record
from footfall.events.server_event import accept_from_server, refused_from_server, shown_id
from footfall.host_names import SENTENCE, HostNames
from footfall.settings import Settings
from footfall.sites import site_keys
from footfall.sites.outcome import Judge, Limits, Outcome, cost, decide_all, receive, refusal, unreadable

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_SCHEME: Final = "bearer"


def has_key(environ: "WSGIEnvironment", settings: Settings, app_id: str) -> bool:
    """Whether a request shows the key of this site: `Authorization: Bearer KEY`."""
    scheme, _, key = environ.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    return scheme.lower() == _SCHEME and site_keys.matches(settings, app_id, key.strip())


def decide(
    environ: "WSGIEnvironment", settings: Settings, app_id: str, names: HostNames, geography: Geography, limits: Limits
) -> Outcome:
    """The outcome of a request that has shown the key of the site `app_id`. names: under which the site is asked."""
    if not names.admit(environ.get("HTTP_HOST"), environ.get("HTTP_X_FORWARDED_HOST")):
        return refusal(HTTPStatus.MISDIRECTED_REQUEST, SENTENCE)
    received = receive(environ, settings)
    if isinstance(received, Outcome):
        return received
    body, parsed, received_ms = received
    # Every visitor's events may come from one server, so only the site's limit applies.
    if not limits.site.admits(app_id, cost(body, received.events, settings.site_events_per_minute)):
        return refusal(HTTPStatus.TOO_MANY_REQUESTS, "Too many events for this site.")
    judge = Judge(
        accept=partial(accept_from_server, app_id=app_id, received_at_ms=received_ms, place_of=geography.look_up),
        refuse=partial(_record, app_id, received_ms),
        say=_said,
    )
    if isinstance(parsed, Reject):
        return unreadable(parsed, body, received_ms, judge)
    return decide_all(parsed, body, received_ms, judge, limits.sessions)


def _record(app_id: str, received_ms: int, reject: Reject, original: bytes, event: object) -> bytes:
    left = refused_from_server(reject, original, event)
    return reject_record(left.reject, left.original, app_id, received_ms, left.denied, "server")


def _said(reject: Reject, event: object) -> dict[str, Any]:
    return {"id": shown_id(event), "reason": reject.reason, "detail": reject.detail}

"""A tracker that records its events in the form in which a collector would have stored them, without sending them.

The fields that `accept` adds depend only on the visit, and many sent fields depend only on the page. So only the first
event of each visit passes through `accept`; the others are assembled from its result, the text that they share with
their page, and a few values of their own. The tests of this module compare whole days, byte for byte, with the events
that a collector stores for a visitor.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson

from footfall.errors import FootfallError
from footfall.events.consent import kept
from footfall.events.rejects import Reject
from footfall.events.stamp import Context, accept
from footfall.events.times import format_rfc3339_ms
from footfall.events.validate import SCHEMA, check_stored
from footfall.metrics.web_vitals import WEB_VITALS
from footfall.sites.visitors import felt
from footfall.sites.visitors.population import Person
from footfall.sites.visitors.tracker import SCHEMA_VERSION, Tracker, View

_PLACES: Final = {name: place for place, name in enumerate(SCHEMA["$defs"]["sent"]["properties"])}
# A placeholder in the text that all pings of a page share; the schema has the two fields side by side.
_NO_PING: Final = {"engaged_ms": 0, "scroll_pct": 0}
_NO_PING_TEXT: Final = '"engaged_ms":0,"scroll_pct":0'


class Unacceptable(FootfallError):
    """A collector would refuse a simulated event, which is a bug of ours; the message is one sentence."""


class StoredEvent(NamedTuple):
    """A stored event. at_ms: when it was sent. received_ms: when it arrived. Both in epoch ms by our clock."""

    received_ms: int
    at_ms: int
    seq: int
    event_type: str
    event_id: str
    session_id: str
    value: bytes


# The time (the visitor's clock, epoch milliseconds), seq, event type, event id, session id, the fields that stand after
# those of the browser (the campaign's, and web vitals), and the text of the fields before those of the browser.
RecordedEvent = tuple[int, int, str, str, str, Mapping[str, str | int], str]


class LastPage(NamedTuple):
    """The page on which a visit ends. body: the text that its events share. response_ms: of the page. touched: whether
    the person clicked or sent a form."""

    body: str
    response_ms: int
    touched: bool


class EventRecorder(Tracker):
    """Records one visit; `events` holds its events in order."""

    def __init__(self, person: Person, new_id: Callable[[int], str]) -> None:
        super().__init__(person, new_id)
        self.events: list[RecordedEvent] = []
        self._last_view: View | None = None
        self._of_view: View | None = None
        self._ping = "", ""

    @property
    def last_page(self) -> LastPage | None:
        """The page of the last event; None if there is no event."""
        view = self._last_view
        return None if view is None else LastPage(_text(self._stored(view.common)), view.response_ms, view.touched)

    def record(self, event_type: str, now_ms: int, view: View, fields: Mapping[str, Any]) -> None:
        """See `Tracker.record`."""
        self._last_view = view
        super().record(event_type, now_ms, view, fields)

    def send(self) -> None:
        """Does nothing: the times of sending are decided when the visit is over."""

    def _emit(self, event_type: str, now_ms: int, fields: Mapping[str, Any]) -> None:
        self._note(event_type, now_ms, _text(self._stored(fields)))

    def _emit_ping(self, now_ms: int, view: View, engaged_ms: int) -> None:
        self._last_view = view
        if self._of_view is not view:
            self._of_view = view
            before, _, after = _text(self._stored({**view.common, **_NO_PING})).partition(_NO_PING_TEXT)
            self._ping = f'{before}"engaged_ms":', after
        before, after = self._ping
        self._note("page_ping", now_ms, f'{before}{engaged_ms},"scroll_pct":{view.scroll_pct}{after}')

    def _stored(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a page that a collector would keep."""
        filled = self._filled(fields)
        return kept(filled) if self._person.gpc else filled

    def _note(self, event_type: str, now_ms: int, body: str) -> None:
        assert self._session_id is not None
        self.events.append((now_ms, self._seq, event_type, self._new_id(now_ms), self._session_id, self._utm, body))


def stored(
    events: Sequence[RecordedEvent], person: Person, context: Context, round_trip_ms: int, late_from: int, back_ms: int
) -> list[StoredEvent]:
    """Returns a visit's events as stored, in order. Raises Unacceptable.

    context: of the visit's requests; its time is replaced. round_trip_ms: from sending to arrival. late_from: index of
    the first event that is sent only at `back_ms` (our clock, epoch milliseconds), as are all later ones.
    """
    if not events:
        return []
    offset_ms = person.clock_offset_ms
    app_id = context.app_id
    made = []
    known = who = browser = ""
    session_before: str | None = None
    more_before: Mapping[str, str | int] | None = None
    for index, (occurred_ms, seq, event_type, event_id, session_id, more, body) in enumerate(events):
        if session_id is not session_before:
            session_before = session_id
            anonymous_id = session_id if person.gpc else person.anonymous_id
            who = f'"anonymous_id":"{anonymous_id}","session_id":"{session_id}","seq":'
        if more is not more_before:
            more_before = more
            about = {**person.browser, **more}
            browser = _text({**kept(about), "consent": "denied"} if person.gpc else {**about, "consent": "unknown"})
        at_ms = occurred_ms - offset_ms
        occurred_at = sent_at = format_rfc3339_ms(occurred_ms)
        received_ms = at_ms + round_trip_ms
        event_time = received_at = format_rfc3339_ms(received_ms)
        if index >= late_from:
            at_ms, received_ms = back_ms, back_ms + round_trip_ms
            sent_at, received_at = format_rfc3339_ms(back_ms + offset_ms), format_rfc3339_ms(received_ms)
        version = felt.SCHEMA_VERSION if event_type == WEB_VITALS else SCHEMA_VERSION
        sent = (
            f'{{"schema_version":"{version}","event_id":"{event_id}","event_type":"{event_type}",'
            f'"app_id":"{app_id}","occurred_at":"{occurred_at}","sent_at":"{sent_at}",{who}{seq}{body}{browser}'
        )
        if not known:
            known = _known(sent, context, received_ms)
        value = f'{sent},"event_time":"{event_time}","received_at":"{received_at}"{known}'.encode()
        made.append(StoredEvent(received_ms, at_ms, seq, event_type, event_id, session_id, value))
    _check(made[len(made) // 2], app_id)
    return made


def _known(sent: str, context: Context, received_ms: int) -> str:
    """The text after `received_at` in each event of a visit: the fields that the collector adds to this one."""
    stored = accept(orjson.loads(sent + "}"), replace(context, received_at_ms=received_ms))
    if isinstance(stored, Reject):
        raise Unacceptable(f"A simulated event of {context.app_id} would be rejected: {stored.detail}")
    names = list(stored)
    added = {name: stored[name] for name in names[names.index("received_at") + 1 :]}
    return "," + orjson.dumps(added).decode()[1:]


def _check(made: StoredEvent, app_id: str) -> None:
    """Checks a stored event; one per visit is enough to detect a bug of ours early."""
    fault = check_stored(orjson.loads(made.value))
    if fault is not None:
        raise Unacceptable(f"A made event of {app_id} is not as it should be stored: {fault.detail}")


def _text(fields: Mapping[str, Any]) -> str:
    """The text of fields that follow others in an event, in the schema's order."""
    if not fields:
        return ""
    ordered = {name: fields[name] for name in _in_order(tuple(fields))}
    return f",{orjson.dumps(ordered).decode()[1:-1]}"


@lru_cache(maxsize=4096)
def _in_order(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(names, key=_PLACES.__getitem__))

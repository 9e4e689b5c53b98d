"""The trace of a visit that was played once, to be repeated for another person or time: its texts with gaps.

The gaps are for identities and the user's id. Everything else that depends on the person and the time (times,
addresses, devices) is inserted elsewhere: see `event_recorder.stored` and `connection.lines_of`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from footfall.events.identity import CountedIds, shaped_uuid7_ms
from footfall.history.connection import Request
from footfall.history.event_recorder import LastPage, RecordedEvent
from footfall.history.site import USER_ID, Failure
from footfall.sites.visitors.population import Person
from footfall_web.log_lines import Served

# The first two positions in the list of gap values of one repetition; identities follow.
_NOTHING: Final = 0
_USER: Final = 1

# The text before a gap, the position of its value, the text after it; then, per further gap, the last two again.
_Text = tuple[str, int, str, tuple[tuple[int, str], ...]]
# Milliseconds since the start, then as in `RecordedEvent` and `Request`, with positions in place of identities.
_Event = tuple[int, int, str, int, int, Mapping[str, str | int], _Text]
_Request = tuple[int, int, _Text, _Text, Served, Failure | None]


class Played(NamedTuple):
    """The result of a visit. ended_ms: epoch milliseconds. round_trip_ms: of its person's connection, which is included
    in the response times. last_page: None if the visit has no event."""

    events: list[RecordedEvent]
    requests: list[Request]
    round_trip_ms: int
    ended_ms: int
    last_page: LastPage | None


class Trace:
    """A visit that can be repeated. lasts_ms: its duration."""

    def __init__(self, played: Played, new_id: CountedIds, start_ms: int) -> None:
        """played: a visit that began at `start_ms` (epoch milliseconds), of a person with a correct clock and with
        USER_ID as user id, if any. new_id: the source of its identities."""
        self.lasts_ms = played.ended_ms - start_ms
        self._round_trip_ms = played.round_trip_ms
        self._gap = re.compile(f"([0-9a-f]{{8}}-[0-9a-f]{{4}}{new_id.middle}[0-9a-f]{{12}}|{USER_ID})")
        self._places: dict[str, int] = {"": _NOTHING, USER_ID: _USER}
        self._requests = [self._request(*request, start_ms) for request in played.requests]
        asked = len(self._places)
        self._events = [self._event(*event, start_ms=start_ms) for event in played.events]
        last = played.last_page
        # Its identities are in the events already.
        self._last_page = None if last is None else (self._text(last.body), last.response_ms, last.touched)
        # Per identity: time since the start, its number, and whether it uses the visitor's clock.
        self._ids = [
            (shaped_uuid7_ms(text) - start_ms, new_id.number(text), place >= asked)
            for text, place in self._places.items()
            if place > _USER
        ]
        self._places.clear()

    def repeat(self, person: Person, agent: str, address: str | None, start_ms: int, new_id: CountedIds) -> Played:
        """Repeats the visit for this person. agent, address: as in logs. start_ms: epoch milliseconds."""
        theirs_ms = start_ms + person.clock_offset_ms
        at = new_id.at
        gaps = ["", person.user_id or USER_ID]
        gaps += [at((theirs_ms if theirs else start_ms) + after_ms, number) for after_ms, number, theirs in self._ids]
        events = [
            (
                theirs_ms + after_ms,
                seq,
                event_type,
                gaps[event],
                gaps[session],
                utm,
                f"{before}{gaps[place]}{after}" if not more else _fill(gaps, before, place, after, more),
            )
            for after_ms, seq, event_type, event, session, utm, (before, place, after, more) in self._events
        ]
        requests: list[Request] = []
        for after_ms, place, target, referrer, served, failure in self._requests:
            (
                app_id,
                _,
                _,
                duration_us,
                _,
                method,
                _,
                protocol,
                status,
                sent,
                _,
                _,
                endpoint,
                queue_us,
                memory_bytes,
                cpu_us,
            ) = served
            requests.append(
                (
                    Served(
                        app_id,
                        gaps[place],
                        start_ms + after_ms,
                        duration_us,
                        address,
                        method,
                        _fill(gaps, *target),
                        protocol,
                        status,
                        sent,
                        _fill(gaps, *referrer),
                        agent,
                        endpoint,
                        queue_us,
                        memory_bytes,
                        cpu_us,
                    ),
                    failure,
                )
            )
        last_page = None
        if self._last_page is not None:
            body, response_ms, touched = self._last_page
            last_page = LastPage(_fill(gaps, *body), response_ms, touched)
        return Played(events, requests, self._round_trip_ms, start_ms + self.lasts_ms, last_page)

    def _request(self, served: Served, failure: Failure | None, start_ms: int) -> _Request:
        place = self._place(served.request_id)
        after_ms = served.at_ms - start_ms
        return after_ms, place, self._text(served.target), self._text(served.referrer), served, failure

    def _event(
        self,
        occurred_ms: int,
        seq: int,
        event_type: str,
        event_id: str,
        session_id: str,
        more: Mapping[str, str | int],
        body: str,
        start_ms: int,
    ) -> _Event:
        event, session = self._place(event_id), self._place(session_id)
        return occurred_ms - start_ms, seq, event_type, event, session, more, self._text(body)

    def _place(self, filling: str) -> int:
        return self._places.setdefault(filling, len(self._places))

    def _text(self, text: str) -> _Text:
        before, *rest = self._gap.split(text)
        if not rest:
            return before, _NOTHING, "", ()
        places = [self._place(filling) for filling in rest[::2]]
        return before, places[0], rest[1], tuple(zip(places[1:], rest[3::2], strict=True))


def _fill(gaps: Sequence[str], before: str, place: int, after: str, more: tuple[tuple[int, str], ...]) -> str:
    return f"{before}{gaps[place]}{after}" + "".join(f"{gaps[p]}{text}" for p, text in more)

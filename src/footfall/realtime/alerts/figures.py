"""What happened at one place in a slot of time, and in a span of them: the figures that alerts are judged by."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Final, NamedTuple
from zlib import crc32

import msgpack

from footfall.metrics.errors import could_fail
from footfall.metrics.histogram import UNMEASURED
from footfall.realtime.event_parser import Counted
from footfall.realtime.tables import SessionCell

# What is judged reaches back 15 and 60 seconds, and looks new with each slot. So long, at most, trouble waits to be
# looked at once there is enough of it.
SLOT_MS: Final = 2_500
SHORT_SLOTS: Final = 6
LONG_SLOTS: Final = 24
# The half hour before the last minute says what is ordinary.
BASELINE_MINUTES: Final = 30
# Events that arrived longer ago belong to a minute that is over, and such minutes are read from the live tables. To
# report a backlog slot by slot took 5 of the 74 µs of processor time that an event takes, and nothing is judged by it
# while there is one.
REPORTED_MS: Final = SLOT_MS * LONG_SLOTS
_EVENT_TYPE, _PATH = map(SessionCell._fields.index, ("event_type", "page_path"))


def slot_of(received_ms: int) -> int:
    """The slot, since 1970, in which an event came."""
    return received_ms // SLOT_MS


@dataclass(slots=True)
class Moment:
    """Of people, but for `bots`: page views and error events (`tried`), failures among them, response times by bucket.

    Of a whole site also events, rejected events, and who was there (any numbers that tell visitors apart). sample: the
    request id of a failure, slowest: the bucket and the request id of the slowest view.
    """

    tried: int = 0
    failed: int = 0
    responses: dict[int, int] = field(default_factory=dict)
    events: int = 0
    rejected: int = 0
    people: set[int] = field(default_factory=set)
    bots: set[int] = field(default_factory=set)
    sample: str | None = None
    slowest: tuple[int, str] | None = None

    def add(self, other: "Moment") -> None:
        """Takes in what happened at the same place, then or at another time."""
        self.tried += other.tried
        self.failed += other.failed
        for bucket, views in other.responses.items():
            self.responses[bucket] = self.responses.get(bucket, 0) + views
        self.events += other.events
        self.rejected += other.rejected
        self.people |= other.people
        self.bots |= other.bots
        self.sample = other.sample or self.sample
        if other.slowest is not None and (self.slowest is None or other.slowest >= self.slowest):
            self.slowest = other.slowest


_FIGURES: Final = attrgetter(*(one.name for one in fields(Moment)))
# By site, page (none for the whole of it) and slot.
Moments = dict[tuple[str, str | None, int], Moment]


class Report(NamedTuple):
    """A counting bolt's message to the alert bolt. caught_up_ms: by partition, when (ms since 1970) all that was there
    of it had been counted, 0 if never. is_late: whether events were counted that had arrived longer than REPORTED_MS
    ago; they are in the live tables and in no moment."""

    caught_up_ms: dict[str, int]
    moments: Moments
    is_late: bool


def moments(arrived: Mapping[tuple[str, int], Sequence[Counted]]) -> Moments:
    """What events say, by site and slot, each of which was counted for the first time just now."""
    found: Moments = {}
    for (app, slot), events in arrived.items():
        site = found[app, None, slot] = Moment(events=len(events))
        people, bots = set(), set()
        for event in events:
            if event.is_bot:
                bots.add(event.visitor)
                continue
            people.add(event.visitor)
            if could_fail(event.cell[_EVENT_TYPE]):
                _try(site, event)
                if (path := event.cell[_PATH]) is not None:
                    page = found.get((app, path, slot))
                    if page is None:
                        page = found[app, path, slot] = Moment()
                    _try(page, event)
        site.people, site.bots = _numbers(people), _numbers(bots)
    return found


def rejected(arrived: Iterable[tuple[str, int]]) -> Moments:
    """The same of rejected events: the site of each, and when it came (ms since 1970)."""
    found: Moments = {}
    for app, at_ms in arrived:
        found.setdefault((app, None, slot_of(at_ms)), Moment()).rejected += 1
    return found


def gather(known: Moments, more: Moments) -> None:
    """Adds what happened to what is known."""
    for place, moment in more.items():
        known.setdefault(place, Moment()).add(moment)


def encode(report: Report) -> bytes:
    """A report as it goes from one bolt to the other."""
    found = [
        (*place, *(list(figure) if isinstance(figure, set) else figure for figure in _FIGURES(moment)))
        for place, moment in report.moments.items()
    ]
    packed: bytes = msgpack.packb((report.caught_up_ms, found, report.is_late))
    return packed


def decode(packed: bytes) -> Report:
    """What `encode` was given."""
    caught_up_ms, rows, is_late = msgpack.unpackb(packed, strict_map_key=False)
    found: Moments = {}
    for app, path, slot, tried, failed, responses, events, rejects, people, bots, sample, slowest in rows:
        found[app, path, slot] = Moment(
            tried, failed, responses, events, rejects, set(people), set(bots), sample, slowest and tuple(slowest)
        )
    return Report(caught_up_ms, found, is_late)


def _numbers(visitors: set[str]) -> set[int]:
    return {crc32(visitor.encode()) for visitor in visitors}


def _try(moment: Moment, event: Counted) -> None:
    moment.tried += 1
    if event.failure:
        moment.failed += 1
        moment.sample = event.request_id or moment.sample
    if event.bucket != UNMEASURED:
        moment.responses[event.bucket] = moment.responses.get(event.bucket, 0) + 1
        if event.request_id is not None and (moment.slowest is None or event.bucket >= moment.slowest[0]):
            moment.slowest = event.bucket, event.request_id


class Series:
    """The moments of one place, by their slots in the last minutes, and by minutes as far back as they are needed."""

    def __init__(self) -> None:
        self._slots: dict[int, Moment] = {}
        self._minutes: dict[int, Moment] = {}

    def add(self, slot: int, moment: Moment) -> None:
        """Takes in what happened in a slot."""
        for moments_, number in ((self._slots, slot), (self._minutes, minute_of(slot))):
            known = moments_.get(number)
            if known is None:
                known = moments_[number] = Moment()
            known.add(moment)

    def last(self, now: int, slots: int) -> Moment:
        """What happened in so many slots before `now`, together."""
        return together(self._slots[slot] for slot in range(now - slots, now) if slot in self._slots)

    def first_with(self, hits: Callable[[Moment], int], first: int, end: int) -> int:
        """The first of these slots whose moment counts any; the first of all if none does."""
        return next((slot for slot in range(first, end) if slot in self._slots and hits(self._slots[slot])), first)

    def minute(self, minute: int) -> Moment | None:
        """What happened in a minute; None if nothing did."""
        return self._minutes.get(minute)

    def forget(self, now: int) -> bool:
        """Lets go what no span and no half hour that ends with a slot, or later, reaches back to; whether nothing is
        left."""
        minute, slot = minute_of(now) - BASELINE_MINUTES, now - LONG_SLOTS
        if self._minutes and min(self._minutes) < minute:
            self._minutes = {number: moment for number, moment in self._minutes.items() if number >= minute}
        # Once a minute is soon enough.
        if self._slots and min(self._slots) < slot - LONG_SLOTS:
            self._slots = {number: moment for number, moment in self._slots.items() if number >= slot}
        return not self._minutes


def together(moments_: Iterable[Moment]) -> Moment:
    """What happened in all of them."""
    whole = Moment()
    for moment in moments_:
        whole.add(moment)
    return whole


def minute_of(slot: int) -> int:
    """The minute, since 1970, that a slot is of."""
    return slot // LONG_SLOTS

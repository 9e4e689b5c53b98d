"""The figures that alerts are judged by: those of one site or page, over one slot or several.

A slot is a tumbling window of SLOT_MS by time of arrival.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Final, NamedTuple
from zlib import crc32

import msgpack

from footfall.metrics.dimension_limit import MOST_VALUES
from footfall.metrics.errors import could_fail
from footfall.metrics.histogram import UNMEASURED
from footfall.realtime.event_parser import ParsedEvent
from footfall.realtime.tables import SessionCell

# After each slot, the rules look at the last 15 and 60 seconds. An incident that is large enough waits at most one slot
# until it is judged.
SLOT_MS: Final = 2_500
SHORT_SLOTS: Final = 6
LONG_SLOTS: Final = 24
# The half hour before the last minute defines what is ordinary.
BASELINE_MINUTES: Final = 30
# Events that arrived longer ago are not reported: the alert bolt reads their minutes, which are over, from the live
# tables. Reporting a backlog slot by slot took 5 of the 74 µs of processor time per event, and during a backlog no
# alerts are judged anyway.
MAX_REPORT_AGE_MS: Final = SLOT_MS * LONG_SLOTS
_EVENT_TYPE, _PATH = map(SessionCell._fields.index, ("event_type", "page_path"))


def slot_of(received_ms: int) -> int:
    """The slot, counted from 1970, of a time of arrival in ms since 1970."""
    return received_ms // SLOT_MS


@dataclass(slots=True)
class Figures:
    """The figures of one site or page over a span of time. All but `bots` and `events` are of people.

    tried, failed: page views and error events, and the failures among them
    responses: histogram bucket → page views
    events, rejected, people, bots, without_row: only for a whole site; visitors are hashed to numbers; without_row:
        the events with a value beyond the limit of its dimension (`metrics.dimension_limit`)
    sample: the request id of a failure
    slowest: the bucket and the request id of the slowest page view
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
    without_row: int = 0

    def add(self, other: "Figures") -> None:
        """Adds other figures of the same site or page."""
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
        self.without_row += other.without_row


_FIELD_VALUES: Final = attrgetter(*(one.name for one in fields(Figures)))
# By site, page (None for the whole site) and slot.
FiguresBySlot = dict[tuple[str, str | None, int], Figures]


class Report(NamedTuple):
    """A counting bolt's message to the alert bolt.

    caught_up_ms: for each partition, when it was last counted to its end (ms since 1970), 0 if never
    is_late: whether other events were counted that had arrived more than MAX_REPORT_AGE_MS ago; the figures leave them
        out, and only the live tables include them
    """

    caught_up_ms: dict[str, int]
    figures: FiguresBySlot
    is_late: bool


def figures_of_events(
    arrived: Mapping[tuple[str, int], Sequence[ParsedEvent]], without_row: Mapping[tuple[str, int], int]
) -> FiguresBySlot:
    """The figures of events, given by site and slot of arrival. Each event must be a new one, not a repeat.

    without_row: the number of those events for `Figures.without_row`
    """
    found: FiguresBySlot = {}
    for (app, slot), events in arrived.items():
        site = found[app, None, slot] = Figures(events=len(events), without_row=without_row.get((app, slot), 0))
        people, bots, pages = set(), set(), 0
        for event in events:
            if event.is_bot:
                bots.add(event.visitor)
                continue
            people.add(event.visitor)
            if could_fail(event.cell[_EVENT_TYPE]):
                _add_attempt(site, event)
                if (path := event.cell[_PATH]) is not None:
                    page = found.get((app, path, slot))
                    if page is None:
                        if pages >= MOST_VALUES:
                            continue
                        page, pages = found.setdefault((app, path, slot), Figures()), pages + 1
                    _add_attempt(page, event)
        site.people, site.bots = _hashes(people), _hashes(bots)
    return found


def figures_of_rejects(arrived: Iterable[tuple[str, int]]) -> FiguresBySlot:
    """The figures of rejected events, each given as its site and its time of arrival (ms since 1970)."""
    found: FiguresBySlot = {}
    for app, at_ms in arrived:
        found.setdefault((app, None, slot_of(at_ms)), Figures()).rejected += 1
    return found


def merge_into(known: FiguresBySlot, more: FiguresBySlot) -> None:
    """Adds figures to known figures, in place."""
    for place, figures in more.items():
        known.setdefault(place, Figures()).add(figures)


def encode_report(report: Report) -> bytes:
    """Encodes a report for the stream between the bolts."""
    found = [
        (*place, *(list(figure) if isinstance(figure, set) else figure for figure in _FIELD_VALUES(figures)))
        for place, figures in report.figures.items()
    ]
    packed: bytes = msgpack.packb((report.caught_up_ms, found, report.is_late))
    return packed


def decode_report(packed: bytes) -> Report:
    """The inverse of `encode_report`."""
    caught_up_ms, rows, is_late = msgpack.unpackb(packed, strict_map_key=False)
    found: FiguresBySlot = {}
    for app, path, slot, tried, failed, responses, events, rejects, people, bots, sample, slowest, without_row in rows:
        seen, slow = (set(people), set(bots)), slowest and tuple(slowest)
        found[app, path, slot] = Figures(tried, failed, responses, events, rejects, *seen, sample, slow, without_row)
    return Report(caught_up_ms, found, is_late)


def _hashes(visitors: set[str]) -> set[int]:
    return {crc32(visitor.encode()) for visitor in visitors}


def _add_attempt(figures: Figures, event: ParsedEvent) -> None:
    figures.tried += 1
    if event.failure:
        figures.failed += 1
        figures.sample = event.request_id or figures.sample
    if event.bucket != UNMEASURED:
        figures.responses[event.bucket] = figures.responses.get(event.bucket, 0) + 1
        if event.request_id is not None and (figures.slowest is None or event.bucket >= figures.slowest[0]):
            figures.slowest = event.bucket, event.request_id


class Series:
    """The figures of one site or page: by slot for the last minutes, and by minute for the baseline."""

    def __init__(self) -> None:
        self._slots: dict[int, Figures] = {}
        self._minutes: dict[int, Figures] = {}

    def add(self, slot: int, figures: Figures) -> None:
        """Adds the figures of a slot."""
        for spans, number in ((self._slots, slot), (self._minutes, minute_of(slot))):
            known = spans.get(number)
            if known is None:
                known = spans[number] = Figures()
            known.add(figures)

    def last(self, now: int, slots: int) -> Figures:
        """The sum of the given number of slots before the slot `now`."""
        return summed(self._slots[slot] for slot in range(now - slots, now) if slot in self._slots)

    def first_with(self, hits: Callable[[Figures], int], first: int, end: int) -> int:
        """The first slot in [first, end) with a positive count of hits; `first` if there is none."""
        return next((slot for slot in range(first, end) if slot in self._slots and hits(self._slots[slot])), first)

    def minute(self, minute: int) -> Figures | None:
        """The figures of a minute; None if there are none."""
        return self._minutes.get(minute)

    def drop_old(self, now: int) -> bool:
        """Drops slots and minutes that are too old to be judged at the slot `now` or later. True if nothing is left."""
        minute, slot = minute_of(now) - BASELINE_MINUTES, now - LONG_SLOTS
        if self._minutes and min(self._minutes) < minute:
            self._minutes = {number: figures for number, figures in self._minutes.items() if number >= minute}
        # The slots are cleaned once a minute only.
        if self._slots and min(self._slots) < slot - LONG_SLOTS:
            self._slots = {number: figures for number, figures in self._slots.items() if number >= slot}
        return not self._minutes


def summed(many: Iterable[Figures]) -> Figures:
    """The sum of many figures."""
    whole = Figures()
    for figures in many:
        whole.add(figures)
    return whole


def minute_of(slot: int) -> int:
    """The minute, counted from 1970, that a slot belongs to."""
    return slot // LONG_SLOTS

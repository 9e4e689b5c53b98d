"""The definition of a visit: where a session is cut, the order of events, and the entry and exit page views.

`cut` takes a whole session, `visit_numbers` the columns of many. `OpenVisit` gives the same entries and exits event by
event, for live figures, which cannot wait until a session has ended.
"""

from collections import defaultdict
from collections.abc import Iterable
from operator import gt, lt
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from footfall.events.times import DAY_MS
from footfall.metrics.page_views import is_page_view

Integers = NDArray[np.int64]

LONGEST_GAP_MS: Final = 1_800_000


class VisitEvent(NamedTuple):
    """The fields of an event that visits depend on. event_id: as text. event_time_ms: ms since 1970."""

    event_id: str
    seq: int
    event_time_ms: int
    event_type: str
    app_id: str
    is_bot: bool


def are_apart(earlier_ms: int, later_ms: int) -> bool:
    """Whether two successive events of one session and one site belong to different visits.

    A visit ends after more than half an hour without an event, and at midnight UTC. Times are in ms since 1970.
    """
    return later_ms - earlier_ms > LONGEST_GAP_MS or later_ms // DAY_MS != earlier_ms // DAY_MS


def order(seq: int, event_id: str) -> tuple[int, str]:
    """The sort key of an event in its visit. Two tabs may use the same `seq`, so the id decides ties."""
    return seq, event_id


def cut(session: Iterable[VisitEvent]) -> list[list[VisitEvent]]:
    """Cuts the events of one session into visits, each sorted by `order`.

    Events of different sites, and those of people and of bots, belong to different visits.
    """
    groups: dict[tuple[bool, str], list[VisitEvent]] = defaultdict(list)
    for event in session:
        groups[event.is_bot, event.app_id].append(event)
    visits: list[list[VisitEvent]] = []
    for events in groups.values():
        events.sort(key=lambda event: event.event_time_ms)
        before_ms = None
        for event in events:
            if before_ms is None or are_apart(before_ms, event.event_time_ms):
                visits.append([])
            visits[-1].append(event)
            before_ms = event.event_time_ms
    for visit in visits:
        visit.sort(key=lambda event: order(event.seq, event.event_id))
    return visits


def visit_numbers(session: Integers, event_time_ms: Integers) -> Integers:
    """The number, from 1, of each event's visit in its session, for the sorted columns of many sessions.

    session: numbers that are equal for the events of one session, site and population, and only for them.
    event_time_ms: ms since 1970. The columns are sorted by both.
    """
    if not len(session):
        return np.zeros(0, dtype=np.int64)
    is_first = np.append(True, np.diff(session) != 0)
    gaps = np.append(False, np.diff(event_time_ms) > LONGEST_GAP_MS)
    midnights = np.append(False, np.diff(event_time_ms // DAY_MS) != 0)
    visit = np.cumsum(is_first | gaps | midnights)
    # The visits before each session: those before its first event, which itself begins a visit.
    before = np.maximum.accumulate(np.where(is_first, visit - 1, 0))
    return np.asarray(visit - before)


def entry_and_exit(visit: Iterable[VisitEvent]) -> tuple[VisitEvent, VisitEvent] | None:
    """The first and the last page view of a sorted visit; None if it has none."""
    views = [event for event in visit if is_page_view(event.event_type)]
    return (views[0], views[-1]) if views else None


class PageView(msgspec.Struct, order=True, gc=False):
    """A page view as `OpenVisit` compares it: by its order in the visit, then by its page.

    event_id: 16 bytes. page: any text that identifies the counter of entries and exits, such as a row key.
    """

    seq: int
    event_id: bytes
    page: str


# A page, the change of its entries, and the change of its exits.
EdgeChange = tuple[str, int, int]


class OpenVisit:
    """The visit that a session's newest event belongs to. It takes the events of people in order of arrival.

    The first page view so far is counted as the entry and the last one so far as the exit, until another page view
    replaces it. A late event of an earlier visit changes nothing.
    """

    __slots__ = ("_app_id", "_began_ms", "_first", "_last", "_newest_ms")

    def __init__(self) -> None:
        self._app_id = ""
        self._began_ms = self._newest_ms = 0
        self._first: PageView | None = None
        self._last: PageView | None = None

    def pages_losing(self, views: Iterable[PageView]) -> set[str]:
        """The pages that may lose their entry or exit if these page views are added, in any order and at any time."""
        return {
            known.page
            for view in views
            for known, takes_over in ((self._first, lt), (self._last, gt))
            if known is not None and takes_over(view, known)
        }

    def add(self, app_id: str, time_ms: int, view: PageView | None) -> tuple[EdgeChange, ...]:
        """Takes the next event; returns the changes of entries and exits.

        time_ms: its `event_time` in ms since 1970. view: None if the event is not a page view or has no page.
        """
        newest_ms = self._newest_ms
        if app_id != self._app_id or (time_ms > newest_ms and are_apart(newest_ms, time_ms)):
            self._app_id, self._began_ms, self._newest_ms = app_id, time_ms, time_ms
            self._first = self._last = None
        elif time_ms > newest_ms:
            self._newest_ms = time_ms
        elif time_ms < self._began_ms:
            if are_apart(time_ms, self._began_ms):
                return ()
            self._began_ms = time_ms
        if view is None:
            return ()
        first, last = self._first, self._last
        if first is None or last is None:
            self._first = self._last = view
            return ((view.page, 1, 1),)
        if view > last:
            self._last = view
            return () if view.page == last.page else ((last.page, 0, -1), (view.page, 0, 1))
        if view < first:
            self._first = view
            return () if view.page == first.page else ((first.page, -1, 0), (view.page, 1, 0))
        return ()

"""What a visit is: where it is cut, in which order its events stand, and with which page views it begins and ends.

`cut` takes a whole session. `OpenVisit` reaches the same entries and exits event by event, for live figures, which
cannot wait for a session to end.
"""

from collections import defaultdict
from collections.abc import Iterable
from operator import gt, lt
from typing import Final, NamedTuple

import msgspec

from footfall.events.times import DAY_MS
from footfall.metrics.page_views import is_page_view

LONGEST_GAP_MS: Final = 1_800_000


class VisitEvent(NamedTuple):
    """What cutting visits asks of an event. event_id: as text; event_time_ms: ms since 1970."""

    event_id: str
    seq: int
    event_time_ms: int
    event_type: str
    app_id: str
    is_bot: bool


def are_apart(earlier_ms: int, later_ms: int) -> bool:
    """Whether two events of a session and a site, none between them, belong to two visits.

    A visit ends with more than half an hour without an event, and with the day (UTC). Times are in ms since 1970.
    """
    return later_ms - earlier_ms > LONGEST_GAP_MS or later_ms // DAY_MS != earlier_ms // DAY_MS


def order(seq: int, event_id: str) -> tuple[int, str]:
    """The place of an event in its visit, as a key to sort by. Tabs share `seq`, so it may come twice."""
    return seq, event_id


def cut(session: Iterable[VisitEvent]) -> list[list[VisitEvent]]:
    """The visits that the events of one session make, each in its order.

    Each site's events make visits of their own, and so do those of people and of bots.
    """
    alike: dict[tuple[bool, str], list[VisitEvent]] = defaultdict(list)
    for event in session:
        alike[event.is_bot, event.app_id].append(event)
    visits: list[list[VisitEvent]] = []
    for events in alike.values():
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


def entry_and_exit(visit: Iterable[VisitEvent]) -> tuple[VisitEvent, VisitEvent] | None:
    """The first and the last page view of a visit that is in its order; None without any."""
    views = [event for event in visit if is_page_view(event.event_type)]
    return (views[0], views[-1]) if views else None


class PageView(msgspec.Struct, order=True, gc=False):
    """A page view as `OpenVisit` compares it: its place in the visit's order, then its page.

    event_id: sixteen bytes. page: any text that stands for what counts entries and exits, such as a row's key.
    """

    seq: int
    event_id: bytes
    page: str


# By how much the entries and the exits of a page change.
EdgeChange = tuple[str, int, int]


class OpenVisit:
    """The visit that a session's newest event belongs to. Takes the events of people in order of their arrival.

    A page view that is known to be the first of its visit is its page's entry, and one known to be the last is its
    exit, until another one takes its place. A late event of a visit that another one has followed is neither.
    """

    __slots__ = ("_app_id", "_began_ms", "_first", "_last", "_newest_ms")

    def __init__(self) -> None:
        self._app_id = ""
        self._began_ms = self._newest_ms = 0
        self._first: PageView | None = None
        self._last: PageView | None = None

    def pages_losing(self, views: Iterable[PageView]) -> set[str]:
        """The pages that may lose the entry or the exit once these views have come, in whatever order and time."""
        return {
            known.page
            for view in views
            for known, takes_over in ((self._first, lt), (self._last, gt))
            if known is not None and takes_over(view, known)
        }

    def add(self, app_id: str, time_ms: int, view: PageView | None) -> tuple[EdgeChange, ...]:
        """Takes the next event, and returns what changes by it.

        time_ms: its `event_time`. view: the event as a page view, None if it is none or has no page.
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

"""Where visits begin and end, told page view by page view as they are counted. Pure.

A page view that is known to be the first of its visit is that page's entry, one known to be the last is its exit, until
another one takes its place. So the entries of a minute may still change while its visits go on, and the exits of a
minute are those of visits that are over once half an hour has passed.
"""

from collections.abc import Iterable
from operator import gt, lt
from typing import Final

from footfall.realtime.event_parser import View, page_row
from footfall.realtime.tables import SessionCell

LONGEST_GAP_MS: Final = 1_800_000
DAY_MS: Final = 86_400_000

# What a page's row, named by its key, counts more from now on, or less: entries, exits.
Change = tuple[str, int, int]


class Walk:
    """The visit that a session's newest event belongs to. Takes the events of people in order of their offsets.

    A visit ends with half an hour without an event, with the day (UTC), and at another site. What comes late to a visit
    that another one has followed is neither its entry nor its exit.
    """

    __slots__ = ("_app_id", "_began_ms", "_first", "_last", "_newest_ms")

    def __init__(self) -> None:
        self._app_id = ""
        self._began_ms = self._newest_ms = 0
        self._first: View | None = None
        self._last: View | None = None

    def replaced_by(self, views: Iterable[View]) -> set[str]:
        """The rows that count something less, once these views have come, in whatever order and time."""
        return {
            known.row
            for view in views
            for known, takes_over in ((self._first, lt), (self._last, gt))
            if known is not None and takes_over(view, known)
        }

    def step(self, app_id: str, time_ms: int, view: View | None) -> tuple[Change, ...]:
        """Takes the next event, with what it is of a page view, and tells what changes by it."""
        newest_ms = self._newest_ms
        if (
            app_id != self._app_id
            or time_ms - newest_ms > LONGEST_GAP_MS
            or (time_ms > newest_ms and time_ms // DAY_MS != newest_ms // DAY_MS)
        ):
            self._app_id, self._began_ms, self._newest_ms = app_id, time_ms, time_ms
            self._first = self._last = None
        elif time_ms > newest_ms:
            self._newest_ms = time_ms
        elif self._began_ms - time_ms > LONGEST_GAP_MS or time_ms // DAY_MS != newest_ms // DAY_MS:
            return ()
        elif time_ms < self._began_ms:
            self._began_ms = time_ms
        if view is None:
            return ()
        first, last = self._first, self._last
        if first is None or last is None:
            self._first = self._last = view
            return ((view.row, 1, 1),)
        if view > last:
            self._last = view
            return () if view.row == last.row else ((last.row, 0, -1), (view.row, 0, 1))
        if view < first:
            self._first = view
            return () if view.row == first.row else ((first.row, -1, 0), (view.row, 1, 0))
        return ()


def walked(events: Iterable[tuple[bytes, SessionCell]]) -> Walk:
    """A session's walk as far as these of its events lead, given with their sixteen bytes of id."""
    walk = Walk()
    for event_id, cell in sorted(events, key=lambda event: event[1].offset):
        if not cell.is_bot:
            view = None
            if cell.event_type == "page_view" and cell.page_path is not None:
                view = View(cell.seq, event_id, page_row(cell.app_id, cell.event_time_ms // 60_000, cell.page_path))
            walk.step(cell.app_id, cell.event_time_ms, view)
    return walk

"""Restores the open visit of a session from the events in the live tables."""

from collections.abc import Iterable

from footfall.events.times import MINUTE_MS
from footfall.metrics.page_views import is_page_view
from footfall.metrics.visits import OpenVisit, PageView
from footfall.realtime.event_parser import page_row
from footfall.realtime.tables import SessionCell


def open_visit(events: Iterable[tuple[bytes, SessionCell]]) -> OpenVisit:
    """The open visit after these events of one session, each given with the 16 bytes of its id."""
    visit = OpenVisit()
    for event_id, cell in sorted(events, key=lambda event: event[1].offset):
        if not cell.is_bot:
            view = None
            if is_page_view(cell.event_type) and cell.page_path is not None:
                page = page_row(cell.app_id, cell.event_time_ms // MINUTE_MS, cell.page_path)
                view = PageView(cell.seq, event_id, page)
            visit.add(cell.app_id, cell.event_time_ms, view)
    return visit

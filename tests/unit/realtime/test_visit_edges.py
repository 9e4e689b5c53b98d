"""The open visit of a session is restored from its cells in the live tables."""

from typing import Any

from footfall.events.times import DAY_MS, MINUTE_MS
from footfall.metrics.visits import OpenVisit, PageView
from footfall.realtime.tables import SessionCell
from footfall.realtime.visit_edges import open_visit

NOON_MS = 20_000 * DAY_MS + DAY_MS // 2


def ends_of(visit: OpenVisit) -> set[str]:
    """The pages of its first and its last view: both lose to one before and one after all others."""
    return visit.pages_losing([PageView(-1, bytes(16), ""), PageView(1_000, bytes(16), "")])


def cell(offset: int, minute: int, **more: Any) -> SessionCell:
    at_ms = NOON_MS + minute * MINUTE_MS
    fields = dict.fromkeys(SessionCell._fields) | {"app_id": "shop", "event_type": "page_view", "is_bot": False}
    return SessionCell(**fields | {"offset": offset, "seq": offset, "event_time_ms": at_ms, "page_path": "/"} | more)


def test_a_visit_is_restored_from_a_sessions_cells() -> None:
    noon = NOON_MS // MINUTE_MS
    cells = [
        cell(9, 50),
        cell(2, 0),
        cell(5, 4, event_type="click"),
        cell(4, 3, is_bot=True),
        cell(6, 5, page_path=None),
        cell(7, 45, event_type="click"),
    ]
    visit = open_visit((bytes(16), one) for one in cells)
    # The click of the 45th minute began another visit.
    assert ends_of(visit) == {f"shop\0page\0{noon + 50:08d}\0/"}
    before = open_visit((bytes(16), one) for one in cells if one.offset < 7)
    assert ends_of(before) == {f"shop\0page\0{noon:08d}\0/"}

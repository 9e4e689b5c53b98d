"""Where visits begin and end, view by view."""

from typing import Any

from footfall.realtime.event_parser import View
from footfall.realtime.tables import SessionCell
from footfall.realtime.visit_edges import DAY_MS, LONGEST_GAP_MS, Walk, walked

NOON_MS = 20_000 * DAY_MS + DAY_MS // 2
MINUTE_MS = 60_000


def view(seq: int, row: str = "") -> View:
    return View(seq, bytes(16), row or f"row {seq}")


def ends_of(walk: Walk) -> set[str]:
    """The rows of its first and its last view: one before and one after all others replaces both."""
    return walk.replaced_by([view(-1), view(1_000)])


def test_only_rows_that_lose_something_are_named() -> None:
    walk = Walk()
    assert walk.replaced_by([view(5)]) == set()
    walk.step("shop", NOON_MS, view(1))
    walk.step("shop", NOON_MS, view(3))
    assert walk.replaced_by([]) == walk.replaced_by([view(2)]) == set()
    assert walk.replaced_by([view(4), view(5)]) == {"row 3"}
    assert walk.replaced_by([view(0)]) == {"row 1"}
    assert walk.replaced_by([view(4), view(0)]) == {"row 1", "row 3"}


def test_the_first_view_is_entry_and_exit_and_the_next_takes_the_exit_over() -> None:
    walk = Walk()
    assert walk.step("shop", NOON_MS, view(1)) == (("row 1", 1, 1),)
    assert walk.step("shop", NOON_MS + 1, view(3)) == (("row 1", 0, -1), ("row 3", 0, 1))
    # What lies between changes nothing, nor does the same page in the same minute.
    assert walk.step("shop", NOON_MS + 2, view(2)) == ()
    assert walk.step("shop", NOON_MS + 3, view(4, "row 3")) == ()
    assert walk.step("shop", NOON_MS + 4, view(5)) == (("row 3", 0, -1), ("row 5", 0, 1))


def test_a_view_that_comes_late_becomes_the_entry() -> None:
    walk = Walk()
    walk.step("shop", NOON_MS, view(1))
    assert walk.step("shop", NOON_MS - 10 * MINUTE_MS, view(0)) == (("row 1", -1, 0), ("row 0", 1, 0))


def test_a_visit_ends_with_more_than_half_an_hour_without_any_event() -> None:
    walk = Walk()
    walk.step("shop", NOON_MS, view(1))
    assert len(walk.step("shop", NOON_MS + LONGEST_GAP_MS, view(2))) == 2
    assert walk.step("shop", NOON_MS + 2 * LONGEST_GAP_MS, None) == ()  # a ping keeps it open
    assert len(walk.step("shop", NOON_MS + 3 * LONGEST_GAP_MS, view(3))) == 2
    assert walk.step("shop", NOON_MS + 4 * LONGEST_GAP_MS + 1, view(4)) == (("row 4", 1, 1),)


def test_what_comes_late_to_a_visit_that_is_over_changes_nothing() -> None:
    walk = Walk()
    walk.step("shop", NOON_MS, view(1))
    walk.step("shop", NOON_MS + 2 * LONGEST_GAP_MS, view(3))
    assert walk.step("shop", NOON_MS + 1, view(2)) == ()
    assert ends_of(walk) == {"row 3"}


def test_another_day_and_another_site_are_another_visit() -> None:
    walk = Walk()
    midnight_ms = NOON_MS + DAY_MS // 2
    walk.step("shop", midnight_ms - 1, view(1))
    assert walk.step("shop", midnight_ms, view(2)) == (("row 2", 1, 1),)
    assert walk.step("shop", midnight_ms - 2, view(0)) == ()
    assert walk.step("news", midnight_ms + 1, view(3)) == (("row 3", 1, 1),)


def test_a_visit_may_begin_without_a_view() -> None:
    walk = Walk()
    assert walk.step("shop", NOON_MS, None) == ()
    assert walk.step("shop", NOON_MS + 1, view(1)) == (("row 1", 1, 1),)


def cell(offset: int, minute: int, **more: Any) -> SessionCell:
    at_ms = NOON_MS + minute * MINUTE_MS
    fields = dict.fromkeys(SessionCell._fields) | {"app_id": "shop", "event_type": "page_view", "is_bot": False}
    return SessionCell(**fields | {"offset": offset, "seq": offset, "event_time_ms": at_ms, "page_path": "/"} | more)


def test_a_walk_is_taken_up_from_a_sessions_cells() -> None:
    noon = NOON_MS // MINUTE_MS
    cells = [
        cell(9, 50),
        cell(2, 0),
        cell(5, 4, event_type="click"),
        cell(4, 3, is_bot=True),
        cell(6, 5, page_path=None),
        cell(7, 45, event_type="click"),
    ]
    walk = walked((bytes(16), one) for one in cells)
    # The click of the 45th minute began another visit.
    assert ends_of(walk) == {f"shop\0page\0{noon + 50:08d}\0/"}
    before = walked((bytes(16), one) for one in cells if one.offset < 7)
    assert ends_of(before) == {f"shop\0page\0{noon:08d}\0/"}

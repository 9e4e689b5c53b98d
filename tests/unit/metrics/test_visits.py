"""Cuts, entries and exits of visits: for a whole session, and event by event."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.events.times import DAY_MS, MINUTE_MS
from footfall.metrics.visits import (
    LONGEST_GAP_MS,
    OpenVisit,
    PageView,
    VisitEvent,
    are_apart,
    cut,
    entry_and_exit,
    order,
    visit_numbers,
)

NOON_MS = 20_000 * DAY_MS + DAY_MS // 2
MIDNIGHT_MS = NOON_MS + DAY_MS // 2


def event(
    name: str, at_ms: int, seq: int = 0, kind: str = "page_view", app_id: str = "shop", is_bot: bool = False
) -> VisitEvent:
    return VisitEvent(name, seq, at_ms, kind, app_id, is_bot)


def names(session: list[VisitEvent]) -> list[str]:
    return ["".join(one.event_id for one in visit) for visit in cut(session)]


@pytest.mark.parametrize(
    ("earlier_ms", "later_ms", "apart"),
    [
        (NOON_MS, NOON_MS, False),
        (NOON_MS, NOON_MS + 1_800_000, False),
        (NOON_MS, NOON_MS + 1_800_001, True),
        (MIDNIGHT_MS - 1, MIDNIGHT_MS, True),
        (MIDNIGHT_MS, MIDNIGHT_MS + 1, False),
    ],
)
def test_half_an_hour_of_silence_and_midnight_are_between_visits(earlier_ms: int, later_ms: int, apart: bool) -> None:
    assert are_apart(earlier_ms, later_ms) is apart


def test_any_event_keeps_a_visit_open() -> None:
    half_ms = LONGEST_GAP_MS
    session = [event("a", NOON_MS), event("b", NOON_MS + half_ms, kind="page_ping"), event("c", NOON_MS + 2 * half_ms)]
    assert names(session) == ["abc"]
    assert names([session[0], session[2]]) == ["a", "c"]


def test_time_cuts_and_seq_orders() -> None:
    session = [event("c", NOON_MS, 2), event("b", NOON_MS + 1, 1), event("a", NOON_MS + 2, 1)]
    assert names(session) == ["abc"]
    assert order(1, "a") < order(1, "b") < order(2, "a")


def test_sites_days_people_and_bots_make_visits_of_their_own() -> None:
    session = [
        event("a", MIDNIGHT_MS - 3),
        event("b", MIDNIGHT_MS - 2, app_id="news"),
        event("c", MIDNIGHT_MS - 1, is_bot=True),
        event("d", MIDNIGHT_MS),
        event("e", MIDNIGHT_MS + 1, app_id="news"),
    ]
    assert sorted(names(session)) == ["a", "b", "c", "d", "e"]
    # A site in between does not cut: it is the session's other visit.
    assert sorted(names([event("a", NOON_MS), event("b", NOON_MS + 1, app_id="news"), event("c", NOON_MS + 2)])) == [
        "ac",
        "b",
    ]


def test_entry_and_exit_are_page_views() -> None:
    views = [event("b", NOON_MS, 1), event("c", NOON_MS, 2)]
    others = event("a", NOON_MS, 0, "click"), event("d", NOON_MS, 3, "page_ping")
    assert entry_and_exit([others[0], *views, others[1]]) == (views[0], views[1])
    assert entry_and_exit(views[:1]) == (views[0], views[0])
    assert entry_and_exit(others) is None
    assert cut([]) == []


TIMES = st.integers(-90, 90).map(lambda minutes: MIDNIGHT_MS + minutes * MINUTE_MS)
SESSIONS = st.lists(
    st.tuples(TIMES, st.integers(0, 5), st.sampled_from(["page_view", "click"]), st.sampled_from("xyz")), max_size=12
)


@given(SESSIONS)
def test_an_open_visit_gives_the_edges_of_the_whole_session(session: list[tuple[int, int, str, str]]) -> None:
    came = [
        (event(f"{number:016d}", at_ms, seq, kind), page)
        for number, (at_ms, seq, kind, page) in enumerate(sorted(session, key=lambda one: one[0]))
    ]
    page_of = {one.event_id: page for one, page in came}
    entries: Counter[str] = Counter()
    exits: Counter[str] = Counter()
    for edges in map(entry_and_exit, cut([one for one, _ in came])):
        if edges is not None:
            entries[page_of[edges[0].event_id]] += 1
            exits[page_of[edges[1].event_id]] += 1
    visit = OpenVisit()
    for one, page in came:
        view = PageView(one.seq, one.event_id.encode(), page) if one.event_type == "page_view" else None
        for changed, entered, left in visit.add(one.app_id, one.event_time_ms, view):
            entries[changed] -= entered
            exits[changed] -= left
    assert not any(entries.values())
    assert not any(exits.values())


def view(seq: int, page: str = "") -> PageView:
    return PageView(seq, bytes(16), page or f"page {seq}")


def ends_of(visit: OpenVisit) -> set[str]:
    """The pages of its first and its last view: both lose to one before and one after all others."""
    return visit.pages_losing([view(-1), view(1_000)])


def test_only_pages_that_may_lose_something_are_named() -> None:
    visit = OpenVisit()
    assert visit.pages_losing([view(5)]) == set()
    visit.add("shop", NOON_MS, view(1))
    visit.add("shop", NOON_MS, view(3))
    assert visit.pages_losing([]) == visit.pages_losing([view(2)]) == set()
    assert visit.pages_losing([view(4), view(5)]) == {"page 3"}
    assert visit.pages_losing([view(0)]) == {"page 1"}
    assert visit.pages_losing([view(4), view(0)]) == {"page 1", "page 3"}


def test_the_first_view_is_entry_and_exit_and_the_next_takes_the_exit_over() -> None:
    visit = OpenVisit()
    assert visit.add("shop", NOON_MS, view(1)) == (("page 1", 1, 1),)
    assert visit.add("shop", NOON_MS + 1, view(3)) == (("page 1", 0, -1), ("page 3", 0, 1))
    # A view in between changes nothing, nor does the same page in the same minute.
    assert visit.add("shop", NOON_MS + 2, view(2)) == ()
    assert visit.add("shop", NOON_MS + 3, view(4, "page 3")) == ()
    assert visit.add("shop", NOON_MS + 4, view(5)) == (("page 3", 0, -1), ("page 5", 0, 1))


def test_a_view_that_comes_late_becomes_the_entry() -> None:
    visit = OpenVisit()
    visit.add("shop", NOON_MS, view(1))
    assert visit.add("shop", NOON_MS - 10 * MINUTE_MS, view(0)) == (("page 1", -1, 0), ("page 0", 1, 0))


def test_a_visit_ends_with_more_than_half_an_hour_without_any_event() -> None:
    visit = OpenVisit()
    visit.add("shop", NOON_MS, view(1))
    assert len(visit.add("shop", NOON_MS + LONGEST_GAP_MS, view(2))) == 2
    assert visit.add("shop", NOON_MS + 2 * LONGEST_GAP_MS, None) == ()  # a ping keeps it open
    assert len(visit.add("shop", NOON_MS + 3 * LONGEST_GAP_MS, view(3))) == 2
    assert visit.add("shop", NOON_MS + 4 * LONGEST_GAP_MS + 1, view(4)) == (("page 4", 1, 1),)


def test_a_late_event_of_an_earlier_visit_changes_nothing() -> None:
    visit = OpenVisit()
    visit.add("shop", NOON_MS, view(1))
    visit.add("shop", NOON_MS + 2 * LONGEST_GAP_MS, view(3))
    assert visit.add("shop", NOON_MS + 1, view(2)) == ()
    assert ends_of(visit) == {"page 3"}


def test_another_day_and_another_site_are_another_visit() -> None:
    visit = OpenVisit()
    midnight_ms = NOON_MS + DAY_MS // 2
    visit.add("shop", midnight_ms - 1, view(1))
    assert visit.add("shop", midnight_ms, view(2)) == (("page 2", 1, 1),)
    assert visit.add("shop", midnight_ms - 2, view(0)) == ()
    assert visit.add("news", midnight_ms + 1, view(3)) == (("page 3", 1, 1),)


def test_a_visit_may_begin_without_a_view() -> None:
    visit = OpenVisit()
    assert visit.add("shop", NOON_MS, None) == ()
    assert visit.add("shop", NOON_MS + 1, view(1)) == (("page 1", 1, 1),)


# Times around the gap and midnight, in quarters of the longest gap and a few ms beside them.
_TIMES_MS = st.builds(
    lambda quarter, more: MIDNIGHT_MS + quarter * LONGEST_GAP_MS // 4 + more, st.integers(-40, 40), st.integers(-1, 1)
)


@given(st.lists(st.tuples(st.integers(0, 3), _TIMES_MS), max_size=30))
def test_the_numbers_of_columns_are_the_visits_of_each_session(events: list[tuple[int, int]]) -> None:
    events.sort()
    sessions, times_ms = np.array([*zip(*events, strict=True)] or [[], []], dtype=np.int64)
    expected = []
    for session in sorted({session for session, _ in events}):
        mine = [event("e", at_ms) for number, at_ms in events if number == session]
        expected += [number for number, visit in enumerate(cut(mine), 1) for _ in visit]
    assert visit_numbers(sessions, times_ms).tolist() == expected

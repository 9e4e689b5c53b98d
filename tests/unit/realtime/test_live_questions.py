"""The live questions' answers to the log of `live_log`, worked out by hand from what each number means.

It is 12:00:30. The current minute is 12:00; the last five full ones begin at 11:55, the last thirty at 11:30.
"""

from typing import Any

import pytest

from footfall import question_registry
from footfall.events.validate import check_stored
from tests.unit.realtime.live_log import LOG, count, counted, event, sources, stamp
from tests.unit.realtime.memory_store import Cells


@pytest.fixture(scope="module")
def cells() -> Cells:
    return counted(LOG)


def ask(cells: Cells, name: str, time: str = "12:00:30.000", **parameters: Any) -> list[tuple[Any, ...]]:
    """The rows as tuples, in the order of the question's columns, which each row must have."""
    rows = question_registry.ask(sources(cells, time), name, **parameters)
    columns = question_registry.find(name).columns
    assert all(tuple(row) == columns for row in rows)
    return [tuple(row.values()) for row in rows]


def test_the_log_holds_what_a_collector_would_have_stored() -> None:
    assert [check_stored(event) for event in LOG if check_stored(event) is not None] == []
    # 61 identities of which two come twice; two are history.
    assert len(LOG) == 63
    assert len({(event["session_id"], event["event_id"]) for event in LOG}) == 61


# --- live-active-users -------------------------------------------------------------------------------------------

# The partition of Cat is the last that was read to its end, at 11:59:30.
AS_OF = stamp("11:59:30.000")


def test_active_by_app(cells: Cells) -> None:
    shop = (AS_OF, "shop", "app", "shop", 4, 4, 4, 2)  # Ana, Cat, Eve, Mix since 11:59; the robot, and Mix as one
    news = (AS_OF, "news", "app", "news", 1, 2, 4, 0)  # Jon at 12:00; Ben till 11:58; Hal 11:54, Ana 11:48; not Fay
    academy = (AS_OF, "academy", "app", "academy", 1, 1, 1, 0)  # Dan
    everywhere = (AS_OF, "all", "app", "all", 6, 7, 9, 2)  # sums: Ana's two browsers are two visitors
    assert ask(cells, "live-active-users") == [everywhere, shop, news, academy]
    assert ask(cells, "live-active-users", app="all", by="app") == [everywhere, shop, news, academy]
    assert ask(cells, "live-active-users", app="news") == [news]


def test_active_by_page(cells: Cells) -> None:
    assert ask(cells, "live-active-users", app="shop", by="page") == [
        (AS_OF, "shop", "page", "/", 1, 2, 4, 1),  # Mix 11:59; Cat 11:56; Ana 11:50, Eve 11:40
        (AS_OF, "shop", "page", "/checkout", 2, 2, 2, 1),  # Ana 12:00:10, Cat 12:00:00
        (AS_OF, "shop", "page", "/list/tea", 2, 2, 2, 1),  # Eve's search, Mix; Ana was there at 11:05
        (AS_OF, "shop", "page", "/cart", 1, 1, 1, 1),  # Ana's ping 11:59:30; Mix came as a robot
        (AS_OF, "shop", "page", "/product/pot", 0, 1, 1, 1),  # Ana's click 11:55:00.000; Mix came as a robot
        (AS_OF, "shop", "page", "/nothing", 0, 0, 1, 1),  # Eve 11:40
    ]


def test_active_by_country(cells: Cells) -> None:
    assert ask(cells, "live-active-users", by="country") == [
        (AS_OF, "shop", "country", "DE", 3, 3, 3, 1),  # Ana, Cat, Mix
        (AS_OF, "news", "country", "FR", 1, 2, 2, 0),  # Jon; Ben
        (AS_OF, "academy", "country", None, 1, 1, 1, 0),  # Dan, from nobody knows where
        (AS_OF, "shop", "country", "FR", 1, 1, 1, 0),  # Eve
        (AS_OF, "news", "country", "DE", 0, 0, 1, 0),  # Ana's telephone
        (AS_OF, "news", "country", "US", 0, 0, 1, 0),  # Hal
        (AS_OF, "shop", "country", "US", 0, 0, 0, 1),  # the robot
    ]


def test_windows_move_with_the_minute(cells: Cells) -> None:
    def nothing(time: str) -> tuple[Any, ...]:
        (row,) = (row for row in ask(cells, "live-active-users", time, app="shop", by="page") if row[3] == "/nothing")
        return row[4:]

    # Five full minutes before 12:02 begin with the robot's 11:57.
    assert nothing("12:02:59.999") == (0, 0, 1, 1)
    assert nothing("12:03:00.000") == (0, 0, 1, 0)


def test_nobody_is_active_on_empty_tables() -> None:
    never = "1970-01-01T00:00:00.000Z"
    assert ask(Cells(), "live-active-users") == [
        (never, app, "app", app, 0, 0, 0, 0) for app in ("academy", "all", "news", "shop")
    ]
    assert ask(Cells(), "live-active-users", by="page") == []


# --- live-metrics ------------------------------------------------------------------------------------------------
# After the value: events, page views, visitors, errors, error rate, p50, p95, p99, rejected, complete.
# Histogram bounds are rounded powers of 1.02: 54 is ^201, 71 ^215, 101 ^233, 251 ^279, 300 ^288, 909 ^344, 1223 ^359,
# 5089 ^431; up to 52 every whole number is one, and so are 60 and 61.


def test_metrics_by_app(cells: Cells) -> None:
    def row(time: str, *figures: Any) -> tuple[Any, ...]:
        return (stamp(f"{time}:00.000"), "shop", "app", "shop", *figures)

    assert ask(cells, "live-metrics", app="shop", minutes=11) == [
        # Ana's failed view (900 ms) and Cat's ping; 1 ÷ (1 + 0).
        row("12:00", 2, 1, 2, 1, 1.0, 909, 909, 909, 0, False),
        # Mix's two human views (25, 26 ms), Eve's search, Ana's ping but not its retry; nobody's history. Not complete:
        # one partition was read to 11:59:30 only.
        row("11:59", 4, 2, 3, 0, 0.0, 25, 26, 26, 2, False),
        # Eve's view (61 ms), her two errors (one came twice), Cat's purchase; 2 ÷ (1 + 2).
        row("11:58", 4, 1, 2, 2, 2 / 3, 61, 61, 61, 0, True),
        # Cat's views of 1,200 ms (failed) and 300 ms; rank 1 of 2 for the median. Three of a robot's are not here.
        row("11:57", 2, 2, 1, 1, 0.5, 300, 1223, 1223, 0, True),
        row("11:56", 1, 1, 1, 0, 0.0, 30, 30, 30, 0, True),
        # Ana's click and her view of 250 ms.
        row("11:55", 2, 1, 1, 0, 0.0, 251, 251, 251, 0, True),
        # Two pings: nothing that could fail, nothing to be measured.
        row("11:51", 2, 0, 1, 0, None, None, None, None, 0, True),
        # Two views (20, 100 ms), a ping, the login.
        row("11:50", 4, 2, 1, 0, 0.0, 20, 101, 101, 0, True),
    ]


def test_metrics_of_a_late_event_are_those_of_its_minute(cells: Cells) -> None:
    rows = ask(cells, "live-metrics", app="news", minutes=31)
    # 31 minutes begin at 11:30, with Ben (45 ms) and Jon (not measured), and Ben's late view is in 11:40.
    assert rows[-1] == (
        stamp("11:30:00.000"), "news", "app", "news", 2, 2, 2, 0, 0.0, 45, 45, 45, 0, True,
    )  # fmt: skip
    assert rows[-2] == (
        stamp("11:40:00.000"), "news", "app", "news", 1, 1, 1, 0, 0.0, 71, 71, 71, 0, True,
    )  # fmt: skip
    # Jon's view at 12:00:00.001, and the reject.
    assert rows[0] == (
        stamp("12:00:00.000"), "news", "app", "news", 1, 1, 1, 0, 0.0, 33, 33, 33, 1, False,
    )  # fmt: skip
    # 12:00, 11:58, 11:55, 11:54, 11:48, :47, :46, :45, :40, :30.
    assert len(rows) == 10


def test_a_minute_of_rejects_alone_has_a_row(cells: Cells) -> None:
    rejected = (stamp("11:57:00.000"), "academy", "app", "academy", 0, 0, 0, 0, None, None, None, None, 1, True)
    assert ask(cells, "live-metrics", app="academy", minutes=4)[-1] == rejected


def test_metrics_by_page(cells: Cells) -> None:
    assert ask(cells, "live-metrics", app="academy", by="page", minutes=3) == [
        # The view of 53 ms, and the form.
        (stamp("11:59:00.000"), "academy", "page", "/quiz/1", 2, 1, 1, 0, 0.0, 54, 54, 54, 0, False),
        # The view that took 5 s and failed with 503, in the minute's last millisecond.
        (stamp("11:58:00.000"), "academy", "page", "/quiz/1", 1, 1, 1, 1, 1.0, 5089, 5089, 5089, 0, True),
    ]


def test_not_found_is_no_error(cells: Cells) -> None:
    # 21 minutes begin at 11:40, with Eve's two views.
    assert ask(cells, "live-metrics", app="shop", by="page", minutes=21)[-2:] == [
        (stamp("11:40:00.000"), "shop", "page", "/", 1, 1, 1, 0, 0.0, 35, 35, 35, 0, True),
        (stamp("11:40:00.000"), "shop", "page", "/nothing", 1, 1, 1, 0, 0.0, 12, 12, 12, 0, True),
    ]
    assert ask(cells, "live-metrics", app="shop", by="page", minutes=20)[-1][0] == stamp("11:50:00.000")


def test_a_page_that_only_a_robot_saw_has_no_row(cells: Cells) -> None:
    rows = ask(cells, "live-metrics", app="shop", by="page", minutes=21)
    # The robot's 404 was at 11:57:01, a person's visit at 11:40.
    assert [row[0] for row in rows if row[3] == "/nothing"] == [stamp("11:40:00.000")]


def test_metrics_by_section(cells: Cells) -> None:
    assert [row[:8] for row in ask(cells, "live-metrics", app="shop", by="section", minutes=2)] == [
        (stamp("12:00:00.000"), "shop", "section", "till", 2, 1, 2, 1),  # Ana's failed view, Cat's ping
        (stamp("11:59:00.000"), "shop", "section", "home", 1, 1, 1, 0),  # Mix
        (stamp("11:59:00.000"), "shop", "section", "tea", 2, 1, 2, 0),  # Mix's list, Eve's search; no robot's pot
        (stamp("11:59:00.000"), "shop", "section", "till", 1, 0, 1, 0),  # Ana's ping in the cart; no robot's view of it
    ]


def test_metrics_by_device(cells: Cells) -> None:
    assert [row[:8] for row in ask(cells, "live-metrics", by="device", minutes=2)] == [
        (stamp("12:00:00.000"), "news", "device", "desktop", 1, 1, 1, 0),  # Jon
        (stamp("12:00:00.000"), "shop", "device", "desktop", 1, 1, 1, 1),  # Ana
        (stamp("12:00:00.000"), "shop", "device", "mobile", 1, 0, 1, 0),  # Cat
        (stamp("11:59:00.000"), "academy", "device", "tablet", 2, 1, 1, 0),  # Dan
        (stamp("11:59:00.000"), "shop", "device", "desktop", 4, 2, 3, 0),  # as by app
    ]


def test_metrics_of_an_unknown_country(cells: Cells) -> None:
    assert [row[:6] for row in ask(cells, "live-metrics", app="academy", by="country", minutes=2)] == [
        (stamp("11:59:00.000"), "academy", "country", None, 2, 1)
    ]


def test_a_minute_is_complete_when_it_is_over_and_every_partition_past_it(cells: Cells) -> None:
    def complete(time: str) -> dict[str, bool]:
        return {row[0][11:16]: row[-1] for row in ask(cells, "live-metrics", time, app="shop", minutes=11)}

    assert complete("11:58:59.999")["11:58"] is False
    assert complete("11:59:00.000")["11:58"] is True
    assert complete("12:00:30.000")["11:59"] is False


def test_an_hour_is_asked_for_unless_said_otherwise(cells: Cells) -> None:
    # 11:01 to 12:00: not Gus (10:59), not Jon's first (11:00).
    times = [row[0] for row in ask(cells, "live-metrics")]
    assert times[0] == stamp("12:00:00.000")
    assert times[-1] == stamp("11:02:00.000")


# --- live-visits --------------------------------------------------------------------------------------------------


def test_where_visits_begin_and_end(cells: Cells) -> None:
    assert ask(cells, "live-visits") == [
        ("news", "/", 4, 1),  # Ben 11:30, Ana 11:45, Hal, Jon again at 12:00:00.001; Fay was last seen at 11:29
        ("shop", "/", 3, 0),  # Ana 11:50, Cat, Mix as long as a person
        ("academy", "/quiz/1", 1, 0),  # Dan again, after 38 minutes
        ("shop", "/nothing", 1, 0),  # Eve
        ("academy", "/course/algebra", 0, 1),  # Dan's first visit ended with an error on another page
        ("shop", "/list/tea", 0, 1),  # Ana's first visit, 11:03
    ]
    assert ask(cells, "live-visits", app="academy") == [
        ("academy", "/quiz/1", 1, 0),
        ("academy", "/course/algebra", 0, 1),
    ]


# --- live-errors -------------------------------------------------------------------------------------------------


def test_errors(cells: Cells) -> None:
    assert ask(cells, "live-errors") == [
        # Without a code, the status. Cat's at 11:57, Ana's at 12:00:10, from two partitions; a robot's is not here.
        ("500", None, "/checkout", 2, 2, stamp("11:57:00.000"), stamp("12:00:10.000"), "r-13", "shop"),
        # Eve's two; the one that came twice counts once, when it came first.
        ("E_IMG", "Image missing", "/list/tea", 2, 1, stamp("11:58:40.000"), stamp("11:58:50.000"), "r-23", "shop"),
        ("E_DOWN", "Try later", "/quiz/1", 1, 1, stamp("11:58:59.999"), stamp("11:58:59.999"), "r-29", "academy"),
        # On another page: another group. Hal's, a millisecond too early for the count, and Ben's.
        ("E_IMG", "Image missing", "/", 1, 1, stamp("11:54:59.999"), stamp("11:55:00.000"), "r-63", "news"),
        # Dan's, in the last hour but not the last minutes; Gus's was before.
        ("E_QUIZ", "No answer", "/quiz/1", 0, 0, stamp("11:21:00.000"), stamp("11:21:00.000"), "r-28", "academy"),
    ]


def test_errors_of_an_app(cells: Cells) -> None:
    assert [row[:5] for row in ask(cells, "live-errors", app="news")] == [("E_IMG", "Image missing", "/", 1, 1)]
    # A minute earlier, Gus's is within the hour: 10:59 to 11:59.
    quiz = ask(cells, "live-errors", "11:59:30.000", app="academy")[-1]
    times = stamp("10:59:30.000"), stamp("11:21:00.000")
    assert quiz == ("E_QUIZ", "No answer", "/quiz/1", 0, 0, *times, "r-28", "academy")


def test_the_same_error_of_two_sites_is_two_rows() -> None:
    cells = Cells()
    said = {"error_code": "E", "error_message": "broken"}
    sessions = ("s-eve", "shop"), ("s-ben", "news")
    count(
        cells,
        [
            event(number, session, 0, f"11:59:1{number}.000", "error", "/", f"v{number}", **said)
            for number, (session, _) in enumerate(sessions)
        ],
    )
    found = [(row[0], row[3], row[4], row[8]) for row in ask(cells, "live-errors")]
    assert found == [("E", 1, 1, "news"), ("E", 1, 1, "shop")]


def test_one_visitor_in_two_partitions_is_one() -> None:
    cells = Cells()
    said = {"error_code": "E", "error_message": "broken"}
    count(
        cells,
        [
            event(1, "s-eve", 0, "11:59:10.000", "error", "/cart", "v1", **said, request_id="r-1"),
            event(2, "s-eve2", 0, "11:59:05.000", "error", "/cart", "v2", **said, request_id="r-2"),
            event(3, "s-eve2", 1, "11:59:20.000", "page_ping", "/cart", "v2"),
        ],
    )
    # The example is of the newest that has one.
    errors = ("E", "broken", "/cart", 2, 1, stamp("11:59:05.000"), stamp("11:59:10.000"), "r-1", "shop")
    assert ask(cells, "live-errors", app="shop") == [errors]
    assert ask(cells, "live-active-users", app="shop", by="page")[0][4:] == (1, 1, 1, 0)
    metrics = (stamp("11:59:00.000"), "shop", "page", "/cart", 3, 0, 1, 2, 1.0, None, None, None, 0, False)
    assert ask(cells, "live-metrics", app="shop", by="page", minutes=5) == [metrics]


# --- recent-pages ------------------------------------------------------------------------------------------------


def test_recent_pages_of_a_browser(cells: Cells) -> None:
    assert ask(cells, "recent-pages", user="a-ana") == [
        (stamp("12:00:10.000"), "shop", "s-ana", "/checkout", "Checkout", "checkout", 0, 500),
        (stamp("11:55:00.500"), "shop", "s-ana", "/cart", "Cart", "cart", 20000, 200),  # its ping was sent twice
        (stamp("11:50:30.000"), "shop", "s-ana", "/product/pot", "Pot", "product", 7500, 200),  # 5,000 + 2,500
        (stamp("11:50:00.000"), "shop", "s-ana", "/", "Welcome", "home", 4000, 200),  # its ping came from behind
        (stamp("11:03:00.000"), "shop", "s-ana", "/list/tea", "Tea", "list", 15000, 200),
        (stamp("11:02:00.000"), "shop", "s-ana", "/", "Welcome", "home", 8000, 200),  # each view of a page its own time
    ]


def test_recent_pages_of_a_user(cells: Cells) -> None:
    # The views in both browsers, from login to logout.
    assert ask(cells, "recent-pages", user="u-1") == [
        (stamp("12:00:10.000"), "shop", "s-ana", "/checkout", "Checkout", "checkout", 0, 500),
        (stamp("11:55:00.500"), "shop", "s-ana", "/cart", "Cart", "cart", 20000, 200),
        (stamp("11:47:00.000"), "news", "s-ana2", "/world/rain", "Rain", "article", 0, 200),
        (stamp("11:45:00.000"), "news", "s-ana2", "/", "Welcome", "home", 10000, 200),
    ]


def test_recent_pages_without_consent_are_those_of_the_session(cells: Cells) -> None:
    assert [(row[0], *row[6:]) for row in ask(cells, "recent-pages", user="s-cat")] == [
        (stamp("11:57:30.000"), 9000, 200),
        (stamp("11:57:00.000"), 0, 500),
        (stamp("11:56:00.000"), 0, 200),
    ]


def test_recent_pages_are_fifty_at_most() -> None:
    cells = Cells()
    count(cells, [event(n, "s-gus", n, f"10:{n:02d}:00.000", "page_view", "/quiz/1", f"v{n}") for n in range(55)])
    assert [row[0] for row in ask(cells, "recent-pages", user="a-gus")] == [
        stamp(f"10:{n:02d}:00.000") for n in range(54, 4, -1)
    ]


# --- session -----------------------------------------------------------------------------------------------------


def test_a_session_of_two_visits(cells: Cells) -> None:
    def row(seq: int, user: str | None, time: str, kind: str, path: str | None, gap_ms: int | None, *ends: bool) -> Any:
        element = "add" if kind == "click" else None
        return ("s-ana", "shop", "a-ana", user, seq, stamp(time), kind, path, element, gap_ms, *ends, True, None)

    assert ask(cells, "session", session="s-ana") == [
        row(0, None, "11:02:00.000", "page_view", "/", None, True, False),
        row(1, None, "11:02:10.000", "page_ping", "/", 10_000, False, False),
        row(2, None, "11:03:00.000", "page_view", "/list/tea", 50_000, False, True),
        row(3, None, "11:05:00.000", "page_ping", "/list/tea", 120_000, False, False),
        # 45 minutes: another visit.
        row(4, None, "11:50:00.000", "page_view", "/", 2_700_000, True, False),
        row(5, None, "11:50:30.000", "page_view", "/product/pot", 30_000, False, False),
        row(6, None, "11:50:40.000", "page_ping", "/", 10_000, False, False),
        row(7, "u-1", "11:50:50.000", "login", None, 10_000, False, False),
        row(8, "u-1", "11:51:00.000", "page_ping", "/product/pot", 10_000, False, False),
        row(9, "u-1", "11:51:30.000", "page_ping", "/product/pot", 30_000, False, False),
        # The same position twice: by id.
        row(10, "u-1", "11:55:00.000", "click", "/product/pot", 210_000, False, False),
        row(10, "u-1", "11:55:00.500", "page_view", "/cart", 500, False, False),
        row(11, "u-1", "11:59:30.000", "page_ping", "/cart", 269_500, False, False),
        row(12, "u-1", "12:00:10.000", "page_view", "/checkout", 40_000, False, True),
    ]


@pytest.mark.parametrize(
    ("session", "ends"),
    [
        # Exactly half an hour is the same visit, a millisecond more is not.
        ("s-jon", [(0, True, False), (1, False, True), (2, True, True)]),
        # A person's visit of two views, a robot's of two.
        ("s-mix", [(0, True, False), (1, False, True), (2, True, False), (3, False, True)]),
        # Fifteen minutes' gap over midnight: a visit of each day.
        ("s-ida", [(0, True, True), (1, False, False), (2, True, False), (3, False, True)]),
        # Errors and a search are no page views.
        ("s-eve", [(0, True, False), (1, False, False), (2, False, True), *[(n, False, False) for n in (3, 4, 5)]]),
        # The event that arrived last is in its place by `seq`.
        ("s-ben", [(0, True, False), (1, False, True), *[(n, False, False) for n in (2, 3, 4)]]),
    ],
)
def test_entries_and_exits(cells: Cells, session: str, ends: list[tuple[int, bool, bool]]) -> None:
    assert [(row[4], row[10], row[11]) for row in ask(cells, "session", session=session)] == ends


@pytest.mark.parametrize(
    ("session", "time", "is_open"),
    [
        # The last event at 11:29:59.999; half an hour later to the millisecond it may still go on.
        ("s-fay", "11:59:59.999", True),
        ("s-fay", "12:00:00.000", False),
        # The newest event is what counts.
        ("s-ana", "12:30:10.000", True),
        ("s-ana", "12:30:10.001", False),
        # Midnight ends every visit, though it is ten minutes only.
        ("s-jon", "23:59:59.999", False),
    ],
)
def test_a_session_is_open_for_half_an_hour(cells: Cells, session: str, time: str, is_open: bool) -> None:
    assert {row[12] for row in ask(cells, "session", time, session=session)} == {is_open}


def test_midnight_closes_a_session() -> None:
    cells = Cells()
    count(cells, [event(1, "s-ida", 0, "-1 23:50:00.000", "page_view", "/quiz/1", "v1")])
    assert ask(cells, "session", "-1 23:59:59.999", session="s-ida")[0][12] is True
    assert ask(cells, "session", "00:00:00.000", session="s-ida")[0][12] is False


def test_columns_of_what_an_event_does_not_say_are_null(cells: Cells) -> None:
    (row,) = (row for row in ask(cells, "session", session="s-ana2") if row[6] == "logout")
    assert row == (
        "s-ana2", "news", "a-ana2", "u-1", 3, stamp("11:47:30.000"), "logout", None, None, 30_000, False, False, True,
        None,
    )  # fmt: skip


def test_an_event_of_a_sites_own_type_has_its_name_and_is_no_page_view() -> None:
    cells = Cells()
    own = {"schema_version": "1.1", "event_name": "signup"}
    view = event(1, "s-ida", 0, "12:00:00.000", "page_view", "/quiz/1", "v1")
    count(cells, [view, event(2, "s-ida", 1, "12:00:01.000", "custom", "/quiz/1", "v1", **own)])
    rows = ask(cells, "session", session="s-ida")
    assert [(row[6], row[13], row[10], row[11]) for row in rows] == [
        ("page_view", None, True, True),
        ("custom", "signup", False, False),
    ]
    (minute,) = ask(cells, "live-metrics", app="academy", minutes=1)
    assert minute[4:7] == (2, 1, 1)

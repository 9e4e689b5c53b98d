"""Figures of windows, calculated by hand; read the events of each case next to the expected figures."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from footfall.streaming import window_figures
from footfall.streaming.window_figures import windows
from tests.support.archived import SCHEMA, event, minute, windows_of, write

DAY = "2026-11-24"
# Each case has its own page. The dimension `app`, which all cases share, has its own case on another site.
EVENTS = [
    # Views and pings of two people; the view of 54 ms failed, and 404 is no error. A click counts as an event alone.
    event(1, "s-ana", f"{DAY} 12:00:00.000", "page_view", "/sums", response_ms=53, http_status=500),
    event(2, "s-ana", f"{DAY} 12:00:59.999", "page_ping", "/sums", engaged_ms=15_000),
    event(3, "s-ana", f"{DAY} 12:00:30.000", "page_ping", "/sums", engaged_ms=900),
    event(4, "s-ben", f"{DAY} 12:00:05.000", "page_view", "/sums", response_ms=20, http_status=404),
    event(5, "s-ben", f"{DAY} 12:00:06.000", "error", "/sums", engaged_ms=77, response_ms=9),
    event(6, "s-ben", f"{DAY} 12:00:07.000", "click", "/sums"),
    event(7, "s-ben", f"{DAY} 12:01:00.000", "click", "/sums"),
    # A retry that is in the archive once, and a row that a reader sees twice during a compaction.
    event(10, "s-two", f"{DAY} 12:00:01.000", "page_view", "/twice", response_ms=1),
    event(10, "s-two", f"{DAY} 12:00:01.000", "page_view", "/twice", response_ms=1),
    # The visitor's clock is years off; the collector decides the event time.
    event(12, "s-old", f"{DAY} 12:03:00.000", "page_view", "/skewed", occurred_at=None),
    event(13, "s-old", f"{DAY} 12:02:59.999", "page_ping", "/skewed", engaged_ms=1, received_at=None),
    # Robots: alone on one page, among people on another.
    event(14, "s-bot", f"{DAY} 12:00:00.000", "page_view", "/robots", is_bot=True),
    event(15, "s-mix", f"{DAY} 12:00:00.000", "page_view", "/mixed", response_ms=5, is_bot=True),
    event(16, "s-mix", f"{DAY} 12:00:01.000", "page_view", "/mixed", response_ms=7),
    # Seen in minutes 0, 3, 4 and 9; one visit with two visitors in minute 3; one visitor with two visits in minute 9.
    event(20, "s-come", f"{DAY} 12:00:10.000", "click", "/again"),
    event(21, "s-come", f"{DAY} 12:03:10.000", "click", "/again"),
    event(22, "s-come", f"{DAY} 12:03:20.000", "click", "/again", anonymous_id="denied"),
    event(23, "s-come", f"{DAY} 12:04:10.000", "click", "/again"),
    event(24, "s-come", f"{DAY} 12:09:10.000", "click", "/again"),
    event(25, "s-went", f"{DAY} 12:09:20.000", "click", "/again", anonymous_id="visitor of s-come"),
    # One view was not measured; the time of a ping or a click is not a page's response time.
    *(event(30 + i, f"s-{i}", f"{DAY} 12:20:00.000", "page_view", "/times", response_ms=i + 1) for i in range(20)),
    event(50, "s-0", f"{DAY} 12:20:01.000", "page_view", "/times"),
    event(51, "s-0", f"{DAY} 12:20:02.000", "page_ping", "/times", response_ms=600_000),
    event(52, "s-0", f"{DAY} 12:21:00.000", "page_view", "/times", response_ms=600_000),
    event(53, "s-0", f"{DAY} 12:20:03.000", "page_view", "/untimed"),
    # Titles change; the title of the newest view counts, and that of a ping does not.
    event(54, "s-0", f"{DAY} 12:20:20.000", "page_view", "/named", page_title="Newer"),
    event(55, "s-0", f"{DAY} 12:20:10.000", "page_view", "/named", page_title="Older"),
    event(56, "s-0", f"{DAY} 12:20:30.000", "page_ping", "/named", page_title="Ping"),
    # How fast a page felt. A robot's and another event's values are none; one view was not measured at all.
    event(80, "s-a", f"{DAY} 12:30:00.000", "web_vitals", "/felt", lcp_ms=2500, inp_ms=200, cls_milli=100, ttfb_ms=800),
    event(81, "s-b", f"{DAY} 12:30:00.000", "web_vitals", "/felt", lcp_ms=2_501, cls_milli=251, ttfb_ms=801),
    event(82, "s-c", f"{DAY} 12:30:30.000", "web_vitals", "/felt", lcp_ms=4_001, cls_milli=1_000_000),
    event(83, "s-d", f"{DAY} 12:30:30.000", "web_vitals", "/felt"),
    event(84, "s-e", f"{DAY} 12:30:30.000", "web_vitals", "/felt", lcp_ms=9_000, is_bot=True),
    event(85, "s-a", f"{DAY} 12:30:40.000", "page_view", "/felt", lcp_ms=9_000),
    event(86, "s-a", f"{DAY} 12:31:00.000", "web_vitals", "/felt", inp_ms=501, ttfb_ms=1_801),
    # Over midnight, and over the end of February of a leap year.
    event(60, "s-night", f"{DAY} 23:59:59.999", "page_view", "/midnight"),
    event(61, "s-night", "2026-11-25 00:00:00.000", "page_ping", "/midnight", engaged_ms=5),
    event(62, "s-leap", "2028-02-28 23:58:00.000", "click", "/leap"),
    event(63, "s-leap", "2028-02-29 23:59:00.000", "click", "/leap"),
    event(64, "s-leap", "2028-03-01 00:02:00.000", "click", "/leap"),
    # Another site, without country and page; its session has the same name as one of the shop.
    event(70, "s-ana", f"{DAY} 12:00:00.000", "login", None, app_id="news", device_type="mobile"),
    event(71, "s-dan", f"{DAY} 12:00:01.000", "click", "/", app_id="news", country="DE", page_section=None),
]  # fmt: skip
STARTS = sorted({minute(f"{one['event_time']:%Y-%m-%d %H:%M}") - age for one in EVENTS for age in range(5)})
COUNTS = ("events", "page_views", "visits", "visitors", "engaged_ms", "errors", "error_n")
Rows = dict[tuple[Any, ...], dict[str, Any]]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """All windows, by length, start, app, dimension and value. The last events are in the first files."""
    root = tmp_path_factory.mktemp("events")
    for number in range(3):
        write(root, EVENTS[::-1][number::3], str(number))
    found = windows_of(root, STARTS, STARTS).to_pylist()
    keyed = {
        tuple(row[k] for k in ("window_minutes", "window_start", "app_id", "dimension", "value")): row for row in found
    }
    assert len(keyed) == len(found)
    return keyed


def counts(rows: Rows, length: int, time: str, path: str) -> tuple[int, ...] | None:
    row = rows.get((length, minute(time), "shop", "page", path))
    return None if row is None else tuple(row[name] for name in COUNTS)


def percentiles(rows: Rows, length: int, time: str, path: str) -> tuple[int | None, ...]:
    row = rows[length, minute(time), "shop", "page", path]
    return tuple(row[name] for name in ("p50_ms", "p95_ms", "p99_ms"))


def starts(rows: Rows, length: int, path: str) -> dict[int, tuple[int, int]]:
    """Visits and visitors of a page's windows, by their start in minutes after noon."""
    noon = minute(f"{DAY} 12:00")
    return {
        key[1] - noon: (row["visits"], row["visitors"])
        for key, row in sorted(rows.items(), key=lambda item: item[0][1])
        if key[0] == length and key[3:] == ("page", path)
    }


def test_a_minute_counts_what_the_definitions_say(rows: Rows) -> None:
    # Two views (20 ms, and 53 ms in the bucket up to 54), two failures of three that could fail.
    assert counts(rows, 1, f"{DAY} 12:00", "/sums") == (6, 2, 2, 2, 15_900, 2, 3)
    assert counts(rows, 1, f"{DAY} 12:01", "/sums") == (1, 0, 1, 1, 0, 0, 0)
    assert percentiles(rows, 1, f"{DAY} 12:00", "/sums") == (20, 54, 54)
    assert percentiles(rows, 1, f"{DAY} 12:01", "/sums") == (None, None, None)


def test_a_window_of_five_minutes_counts_its_people_once(rows: Rows) -> None:
    for start in ("11:57", "11:58", "11:59", "12:00"):
        assert counts(rows, 5, f"{DAY} {start}", "/sums") == (7, 2, 2, 2, 15_900, 2, 3)
    assert counts(rows, 5, f"{DAY} 11:56", "/sums") == (6, 2, 2, 2, 15_900, 2, 3)
    assert counts(rows, 5, f"{DAY} 12:01", "/sums") == (1, 0, 1, 1, 0, 0, 0)
    assert counts(rows, 5, f"{DAY} 11:55", "/sums") is None
    assert counts(rows, 5, f"{DAY} 12:02", "/sums") is None


def test_a_duplicate_row_counts_once(rows: Rows) -> None:
    assert counts(rows, 1, f"{DAY} 12:00", "/twice") == (1, 1, 1, 1, 0, 0, 1)
    assert counts(rows, 5, f"{DAY} 11:58", "/twice") == (1, 1, 1, 1, 0, 0, 1)


def test_only_the_event_time_decides_the_window(rows: Rows) -> None:
    assert counts(rows, 1, f"{DAY} 12:03", "/skewed") == (1, 1, 1, 1, 0, 0, 1)
    assert counts(rows, 1, f"{DAY} 12:02", "/skewed") == (1, 0, 1, 1, 1, 0, 0)


def test_robots_are_not_counted(rows: Rows) -> None:
    assert not [key for key in rows if key[-1] == "/robots"]
    assert counts(rows, 1, f"{DAY} 12:00", "/mixed") == (1, 1, 1, 1, 0, 0, 1)
    assert percentiles(rows, 1, f"{DAY} 12:00", "/mixed") == (7, 7, 7)


def test_a_returning_visitor_counts_once_per_window(rows: Rows) -> None:
    assert starts(rows, 1, "/again") == {0: (1, 1), 3: (1, 2), 4: (1, 1), 9: (2, 1)}
    assert starts(rows, 5, "/again") == {
        **{-4: (1, 1), -3: (1, 1), -2: (1, 1)},  # minute 0
        **{-1: (1, 2), 0: (1, 2), 1: (1, 2), 2: (1, 2), 3: (1, 2)},  # the other visitor of minute 3
        4: (1, 1),  # minute 4 alone: 9 is the first after it
        **{5: (2, 1), 6: (2, 1), 7: (2, 1), 8: (2, 1), 9: (2, 1)},
    }


def test_percentiles_are_nearest_ranks_of_measured_views(rows: Rows) -> None:
    # 1 to 20 ms: ranks 10, 19 (0.95 × 20 is no 20th) and 20. Up to 52 every whole number is a bound.
    assert percentiles(rows, 1, f"{DAY} 12:20", "/times") == (10, 19, 20)
    # With the slowest: ranks 11, 20 (19.95) and 21 of 21.
    assert percentiles(rows, 5, f"{DAY} 12:20", "/times") == (11, 20, 600_000)
    assert percentiles(rows, 1, f"{DAY} 12:20", "/untimed") == (None, None, None)


def test_web_vitals(rows: Rows) -> None:
    def felt(length: int) -> dict[str, Any]:
        row = rows[length, minute(f"{DAY} 12:30"), "shop", "page", "/felt"]
        return {name: row[name] for name in row if name.startswith(("vital", "lcp", "inp", "cls", "ttfb"))}

    # Ranks 3 of 3 and 2 of 2; upper bounds of buckets, of which the last is 600,000.
    lcp = {"lcp_p75_ms": 4_013, "lcp_n": 3, "lcp_good": 1, "lcp_poor": 1}
    cls = {"cls_p75_milli": 600_000, "cls_n": 3, "cls_good": 1, "cls_poor": 2}
    assert felt(1) == {
        "vital_views": 4,
        **lcp,
        **{"inp_p75_ms": 202, "inp_n": 1, "inp_good": 1, "inp_poor": 0},
        **cls,
        **{"ttfb_p75_ms": 807, "ttfb_n": 2, "ttfb_good": 1, "ttfb_poor": 0},
    }
    assert felt(5) == {
        "vital_views": 5,
        **lcp,
        **{"inp_p75_ms": 502, "inp_n": 2, "inp_good": 1, "inp_poor": 1},
        **cls,
        **{"ttfb_p75_ms": 1_817, "ttfb_n": 3, "ttfb_good": 1, "ttfb_poor": 1},
    }
    nothing = rows[1, minute(f"{DAY} 12:20"), "shop", "page", "/times"]
    assert (nothing["vital_views"], nothing["lcp_n"], nothing["lcp_p75_ms"]) == (0, 0, None)


def test_a_page_has_its_newest_title(rows: Rows) -> None:
    noon = minute(f"{DAY} 12:20")
    assert rows[1, noon, "shop", "page", "/named"]["page_title"] == "Newer"
    assert rows[5, noon - 4, "shop", "page", "/named"]["page_title"] == "Newer"
    assert {row["page_title"] for key, row in rows.items() if key[3] != "page"} == {None}


def test_a_window_goes_over_midnight(rows: Rows) -> None:
    assert counts(rows, 1, f"{DAY} 23:59", "/midnight") == (1, 1, 1, 1, 0, 0, 1)
    assert counts(rows, 1, "2026-11-25 00:00", "/midnight") == (1, 0, 1, 1, 5, 0, 0)
    for start in ("56", "57", "58", "59"):
        assert counts(rows, 5, f"{DAY} 23:{start}", "/midnight") == (2, 1, 1, 1, 5, 0, 1)
    assert counts(rows, 5, f"{DAY} 23:55", "/midnight") == (1, 1, 1, 1, 0, 0, 1)
    assert counts(rows, 5, "2026-11-25 00:00", "/midnight") == (1, 0, 1, 1, 5, 0, 0)


def test_the_leap_day_lies_between(rows: Rows) -> None:
    assert counts(rows, 1, "2028-02-29 23:59", "/leap") == (1, 0, 1, 1, 0, 0, 0)
    assert counts(rows, 5, "2028-02-29 23:58", "/leap") == (2, 0, 1, 1, 0, 0, 0)
    assert counts(rows, 5, "2028-02-28 23:58", "/leap") == (1, 0, 1, 1, 0, 0, 0)


def test_dimensions_are_those_of_the_live_figures(rows: Rows) -> None:
    noon = minute(f"{DAY} 12:00")
    found = {key[3:]: row["events"] for key, row in rows.items() if key[:3] == (1, noon, "news")}
    assert found == {
        ("app", "news"): 2,
        ("page", "/"): 1,
        ("section", None): 1,  # a page without a section; a login is on no page and in none
        ("country", "DE"): 1,
        ("country", None): 1,
        ("device", "mobile"): 1,
        ("device", None): 1,
    }
    # The same session name on two sites is two visits.
    assert rows[1, noon, "news", "app", "news"]["visits"] == 2


def test_only_the_requested_windows_are_returned(tmp_path: Path) -> None:
    write(tmp_path, EVENTS)
    noon = minute(f"{DAY} 12:00")
    found = windows_of(tmp_path, [noon], [noon - 1, noon + 3]).to_pylist()
    assert {(row["window_minutes"], row["window_start"] - noon) for row in found} == {(1, 0), (5, -1), (5, 3)}
    (again,) = (
        row for row in found if row["window_minutes"] == 5 and row["value"] == "/again" and row["window_start"] > noon
    )
    # Its minutes 3 and 4. Minute 0 is read too, for another window, which changes nothing.
    assert (again["events"], again["visits"], again["visitors"]) == (3, 1, 2)
    assert windows_of(tmp_path, [noon + 7], []).num_rows == 0
    assert windows("shop", pa.Table.from_pylist(EVENTS, schema=SCHEMA), [], []).num_rows == 0


def test_values_beyond_the_limit_share_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In each minute, the two values with the most events keep their rows; of equal ones, the first by name."""
    monkeypatch.setattr(window_figures, "MOST_VALUES", 2)
    seen = [("12:00", "/b"), ("12:00", "/d"), ("12:00", "/a"), ("12:00", "/d"), ("12:00", "/c"), ("12:01", "/c")]
    write(
        tmp_path,
        [
            # The visitor of /b and /c is the same one; a section may have the name of the shared row.
            event(
                n, f"s-{path in '/b /c'}", f"{DAY} {at}:00.000", "page_view", path, page_section=section, page_title="T"
            )
            for n, ((at, path), section) in enumerate(zip(seen, ["(other)", "x", "y", "x", "x", "y"], strict=True))
        ],
    )
    noon = minute(f"{DAY} 12:00")
    found = {
        (row["window_minutes"], row["dimension"], row["value"]): row
        for row in windows_of(tmp_path, [noon], [noon]).to_pylist()
        if row["dimension"] in ("page", "section")
    }
    assert {key: (row["events"], row["visits"]) for key, row in found.items()} == {
        (1, "page", "/a"): (1, 1),
        (1, "page", "/d"): (2, 1),
        (1, "page", "(other)"): (2, 1),
        (5, "page", "/a"): (1, 1),
        (5, "page", "/c"): (1, 1),
        (5, "page", "/d"): (2, 1),
        (5, "page", "(other)"): (2, 1),
        (1, "section", "x"): (3, 2),
        (1, "section", "(other)"): (2, 2),
        (5, "section", "x"): (3, 2),
        (5, "section", "(other)"): (2, 2),
        (5, "section", "y"): (1, 1),
    }
    assert found[1, "page", "/d"]["page_title"] == "T"
    assert found[1, "page", "(other)"]["page_title"] is None

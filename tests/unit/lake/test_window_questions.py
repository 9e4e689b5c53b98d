"""The answers of the window questions, calculated by hand from a few published rows."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from footfall import question_registry
from footfall.lake import window_files
from footfall.questions import sources
from footfall.questions.model import UnknownValue
from footfall.questions.sources import Sources
from footfall.settings import Settings
from tests.support.archived import at, minute
from tests.support.local_files import LocalFiles
from tests.unit.lake.test_window_files import COMPUTED, row

DAY = "2026-11-24"
NOON = minute(f"{DAY} 12:00")
EVENING = minute(f"{DAY} 23:58")
ROWS = [
    row(NOON, "shop", 4, dimension="app", visits=3, visitors=2, engaged_ms=900, errors=1, p99_ms=54),
    row(NOON, "news", 0, dimension="app", app_id="news", p50_ms=None, p95_ms=None, p99_ms=None),
    row(NOON, None, 2, dimension="country"),
    row(NOON, "DE", 2, dimension="country"),
    row(NOON - 1, "shop", 1, dimension="app"),
    row(NOON - 60, "shop", 6, dimension="app"),
    row(NOON - 61, "shop", 7, dimension="app"),
    row(EVENING + 1, "shop", 8, dimension="app"),
    row(EVENING + 2, "shop", 9, dimension="app"),
]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalFiles:
    """The files that both questions read in place of HDFS."""
    found = LocalFiles(tmp_path)
    monkeypatch.setattr(sources, "Hdfs", lambda _: found)
    return found


def ask(name: str, time: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """The rows at that time, as tuples of the columns in their order."""
    columns = question_registry.find(name).columns
    rows = question_registry.ask(
        Sources(Settings(), clock_ms=lambda: int(at(time).timestamp() * 1000)), name, **parameters
    )
    assert all(tuple(row) == columns for row in rows)
    return [tuple(row.values()) for row in rows]


def publish(files: LocalFiles, rows: list[dict[str, Any]], length: int = 1) -> None:
    window_files.publish(
        files, length, [row["window_start"] for row in rows], pa.Table.from_pylist(rows, schema=COMPUTED)
    )


def views(found: list[tuple[Any, ...]]) -> list[tuple[str, int]]:
    return [(row[0][5:16], row[5]) for row in found]


def test_the_questions_are_there() -> None:
    found = question_registry.questions()
    names = {name: tuple(p.name for p in found[name].parameters) for name in ("windowed-metrics", "trending-pages")}
    assert names == {"windowed-metrics": ("window", "by", "app", "from", "to", "limit"), "trending-pages": ("app",)}
    assert found["windowed-metrics"].columns == (
        "window_start_at", "window_end_at", "app_id", "dimension", "value", "page_views", "visits", "visitors",
        "engaged_ms", "errors", "error_rate", "p50_ms", "p95_ms", "p99_ms", "revision", "is_final",
    )  # fmt: skip
    assert found["trending-pages"].columns == (
        "window_end_at", "app_id", "page_path", "page_title", "views", "baseline_views", "score", "rank",
    )  # fmt: skip


def test_metrics_of_the_last_hour(files: LocalFiles) -> None:
    publish(files, ROWS)
    end = f"{DAY}T12:01:00.000Z"
    assert ask("windowed-metrics", f"{DAY} 12:00:30")[:2] == [
        (f"{DAY}T12:00:00.000Z", end, "news", "app", "news", 0, 0, 0, 0, 0, None, None, None, None, 1, False),
        (f"{DAY}T12:00:00.000Z", end, "shop", "app", "shop", 4, 3, 2, 900, 1, 0.25, 7, 7, 54, 1, False),
    ]
    shop = views(ask("windowed-metrics", f"{DAY} 12:00:30", app="shop"))
    assert shop == [("11-24T12:00", 4), ("11-24T11:59", 1), ("11-24T11:00", 6)]
    # A minute later the hour begins a minute later; at 12:00:00.000 the minute 12:00 has not begun.
    assert views(ask("windowed-metrics", f"{DAY} 12:01:00", app="shop")) == shop[:2]
    assert views(ask("windowed-metrics", f"{DAY} 12:00:00", app="shop")) == shop[1:]
    assert views(ask("windowed-metrics", f"{DAY} 12:00:30", app="shop", limit=2)) == shop[:2]


def test_metrics_by_another_dimension_name_the_unknown_first(files: LocalFiles) -> None:
    publish(files, ROWS)
    found = ask("windowed-metrics", f"{DAY} 12:00:30", by="country", app="all")
    assert [row[3:6] for row in found] == [("country", None, 2), ("country", "DE", 2)]


def test_metrics_of_five_minutes_are_other_files(files: LocalFiles) -> None:
    publish(files, ROWS)
    assert ask("windowed-metrics", f"{DAY} 12:00:30", window="5m") == []
    publish(files, [row(NOON - 4, "shop", 11, length=5, dimension="app")], 5)
    (found,) = ask("windowed-metrics", f"{DAY} 12:01:30", window="5m")
    assert found[:6] == (f"{DAY}T11:56:00.000Z", f"{DAY}T12:01:00.000Z", "shop", "app", "shop", 11)


def test_from_and_to_are_half_open_and_a_day_is_meant_whole(files: LocalFiles) -> None:
    publish(files, ROWS)

    def between(**span: str) -> list[int]:
        return [count for _, count in views(ask("windowed-metrics", "2026-11-26 00:00:00", app="shop", **span))]

    assert between(**{"from": f"{DAY}T10:59:00Z", "to": f"{DAY}T12:00:00Z"}) == [1, 6, 7]
    assert between(**{"from": f"{DAY}T10:59:00.001Z", "to": f"{DAY}t12:00:00.001z"}) == [4, 1, 6]
    assert between(**{"from": f"{DAY}T13:00+01:00", "to": f"{DAY}T12:01:00Z"}) == [4]
    assert between(**{"from": f"{DAY}T11:00:00Z", "to": f"{DAY}T11:59:00Z"}) == [6]
    assert between(**{"from": DAY, "to": DAY}) == [8, 4, 1, 6, 7]
    assert between(**{"from": "2026-11-25"}) == [9]
    assert between(to=f"{DAY}T12:01:00Z") == [4, 1]
    assert between() == []


def test_a_window_is_final_three_days_after_its_end(files: LocalFiles) -> None:
    publish(files, ROWS)
    span = {"from": f"{DAY}T12:00:00Z", "to": f"{DAY}T12:01:00Z"}

    def final(time: str) -> set[bool]:
        return {row[-1] for row in ask("windowed-metrics", time, **span)}

    assert final("2026-11-27 12:00:59.999") == {False}
    assert final("2026-11-27 12:01:00") == {True}


def test_the_revision_is_returned(files: LocalFiles) -> None:
    publish(files, ROWS)
    publish(files, [row(NOON - 1, "shop", 2, dimension="app")])
    assert [row[-2] for row in ask("windowed-metrics", f"{DAY} 12:00:30", app="shop")] == [1, 2, 1]


NO_TIMES = (
    "",
    "yesterday",
    "2026-02-29",
    "2026-11-24T08:00:00",
    "2026-11-24T25:00:00Z",
    "0001-01-01T00:00+14:00",
    "9999-12-31",
)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"window": "2m"}, "There is no window '2m'; there are: 1m, 5m."),
        ({"by": "city"}, "There is no dimension 'city'; there are: app, page, section, country, device."),
        ({"app": "Shop"}, "There is no app 'Shop'; there are: shop, news, academy, all."),
        ({"limit": 0}, "The parameter limit is at least 1."),
        ({"from": DAY, "to": "2026-11-23"}, "The parameter from lies before the parameter to."),
        ({"from": "2026-11-25T00:00:00Z"}, "The parameter from lies before the parameter to."),
        ({"from": "2026-11-16"}, "From and to lie at most 7 days apart."),
        *(
            (
                {name: text},
                f"The parameter {name} is a UTC day such as 2026-11-24 or a time such as 2026-11-24T08:00:00Z, "
                f"not {text!r}.",
            )
            for name in ("from", "to")
            for text in NO_TIMES
        ),
    ],
)  # fmt: skip
def test_invalid_parameters_are_refused_with_a_sentence(
    files: LocalFiles, parameters: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UnknownValue) as refusal:
        ask("windowed-metrics", f"{DAY} 12:00:30", **parameters)
    assert str(refusal.value) == sentence


def trend(time: str = f"{DAY} 12:00:30", **parameters: Any) -> list[tuple[Any, ...]]:
    return ask("trending-pages", time, **parameters)


def test_trending_compares_with_the_half_hour_before(files: LocalFiles) -> None:
    titles = {"page_title": "Was"}
    publish(
        files,
        [
            # 30 views against a mean of 3: 27 ÷ √4. What is older, or newer than the newest closed minute, is no part.
            *(row(NOON - 1 - i, "/up", 6) for i in range(5)),
            row(NOON - 6, "/up", 17, **titles),
            row(NOON - 35, "/up", 1),
            row(NOON - 36, "/up", 1000),
            row(NOON, "/up", 1000),
            # Never seen before: (10 − 0) ÷ √1. Nine views are too few.
            row(NOON - 5, "/new", 10),
            row(NOON - 1, "/few", 9),
            # Fewer than before: (10 − 15) ÷ √16.
            row(NOON - 1, "/down", 10, page_title=None),
            row(NOON - 10, "/down", 90, page_title="Down"),
            row(NOON - 1, "/new", 10, app_id="news", page_title=None),
            row(NOON - 1, "all", 500, dimension="section"),
        ],
    )
    window_files.write_closed(files, NOON)
    end = f"{DAY}T12:00:00.000Z"
    assert trend() == [
        (end, "shop", "/up", "Title", 30, 3.0, 13.5, 1),
        (end, "news", "/new", None, 10, 0.0, 10.0, 2),
        (end, "shop", "/new", "Title", 10, 0.0, 10.0, 3),
        (end, "shop", "/down", "Down", 10, 15.0, -1.25, 4),
    ]
    assert [row[2:] for row in trend(app="news")] == [("/new", None, 10, 0.0, 10.0, 1)]
    # Time alone changes nothing; a minute that closes does.
    assert trend(f"{DAY} 12:07:00") == trend()
    window_files.write_closed(files, NOON + 1)
    assert [(row[2], row[4], row[5]) for row in trend(app="shop")] == [
        ("/up", 1024, 23 / 6),
        ("/down", 10, 15.0),
    ]


def test_nothing_trends_without_visitors(files: LocalFiles) -> None:
    assert trend() == []
    window_files.write_closed(files, NOON)
    assert trend() == []
    with pytest.raises(UnknownValue):
        trend(app="Shop")


def test_web_vitals_of_closed_windows(files: LocalFiles) -> None:
    felt = {
        **{"vital_views": 4, "lcp_p75_ms": 2_596, "lcp_n": 4, "lcp_good": 3, "lcp_poor": 0},
        **{"inp_p75_ms": 505, "inp_n": 1, "inp_good": 0, "inp_poor": 1},
        **{"cls_p75_milli": 101, "cls_n": 3, "cls_good": 2, "cls_poor": 0},
    }
    rows = [
        row(NOON, "shop", dimension="app", **felt),
        row(NOON, "/cart", **felt),
        # Nobody was measured here.
        row(NOON, "/", 5),
    ]
    publish(files, rows)
    publish(files, [row(NOON, "shop", length=5, dimension="app", **felt)], length=5)
    found = question_registry.find("windowed-web-vitals")
    assert tuple(p.name for p in found.parameters) == ("window", "by", "app", "from", "to", "limit")
    # Three of four are good, so the third is, whatever bucket it is in. Of three shifts, the third decides.
    figures = (4, 2_596, 505, 0.101, None, 0.75, 0.0, 2 / 3, None, "good", "poor", "needs improvement", None)
    start, end = f"{DAY}T12:00:00.000Z", f"{DAY}T12:01:00.000Z"
    time = f"{DAY} 12:02:00"
    assert ask("windowed-web-vitals", time) == [(start, end, "shop", "app", "shop", *figures, 1, False)]
    assert ask("windowed-web-vitals", time, by="page") == [(start, end, "shop", "page", "/cart", *figures, 1, False)]
    five = ask("windowed-web-vitals", "2026-11-27 12:05:00", window="5m", **{"from": DAY})
    assert five == [(start, f"{DAY}T12:05:00.000Z", "shop", "app", "shop", *figures, 1, True)]
    assert ask("windowed-web-vitals", time, app="news") == []
    with pytest.raises(UnknownValue, match="7 days apart"):
        ask("windowed-web-vitals", time, **{"from": "2026-11-01"})

"""The comparison of an engine with the oracle names what differs, and can fail."""

from pathlib import Path
from typing import Any

import pytest

from footfall.warehouse.manifest import Manifest
from tests.oracle import golden
from tests.oracle.comparison import differences
from tests.oracle.golden.cases import cases
from tests.oracle.oracle import Oracle
from tests.support.local_files import LocalFiles
from tests.support.raw_days import download

ROW = {"app_id": "shop", "page_views": 4, "exit_rate": 1.0, "avg_scroll_pct": None}


@pytest.mark.parametrize(
    ("engine", "sentence"),
    [
        ([], "0 rows instead of 1"),
        ([{**ROW, "page_views": 5}], "row 1: page_views is 5 instead of 4"),
        ([{**ROW, "page_views": 4.0}], "page_views is 4.0 instead of 4"),
        ([{**ROW, "exit_rate": 0.9999999999999999}], "exit_rate is 0.9999999999999999 instead of 1.0"),
        ([{**ROW, "avg_scroll_pct": 0.0}], "avg_scroll_pct is 0.0 instead of None"),
        ([{"app_id": "shop"}], "the columns are"),
    ],
)
def test_a_difference_is_named(engine: list[dict[str, Any]], sentence: str) -> None:
    (found,) = differences("slow-pages", [ROW], engine)

    assert sentence in found


def test_equal_rows_agree() -> None:
    assert differences("slow-pages", [ROW], [{**ROW, "exit_rate": 1}]) == []


def test_the_time_of_publishing_is_not_compared() -> None:
    assert differences("daily-summary", [{"published_at": None}], [{"published_at": "2026-11-29T00:00:00Z"}]) == []


def test_fingerprints_may_differ_but_not_what_they_group() -> None:
    error = {"app_id": "shop", "origin": "client", "error_code": "E", "message": "m", "count": 1}
    other = {**error, "error_code": "D"}
    oracle = [{"fingerprint": "a", **error}, {"fingerprint": "b", **other}]

    assert differences("site-errors", oracle, [{"fingerprint": "0f", **other}, {"fingerprint": "1e", **error}]) == []
    assert differences("site-errors", oracle, [{"fingerprint": "0f", **error, "count": 2}]) != []


def test_downloaded_days_have_the_same_answers(tmp_path: Path) -> None:
    store = tmp_path / "hdfs"
    golden.write_archive(store / "events")
    lines = golden.write_logs(store / "logs")
    golden.write_profiles(store / "profiles")
    days = (golden.FROM_DT, golden.TO_DT)
    logs = {
        kind: {day: [f"/{path.relative_to(store)}" for path in paths if day in path.parent.name] for day in days}
        for kind, paths in lines.items()
    }
    ends = {str(partition): 1_000 for partition in range(8)}
    manifest = Manifest(run="r", days=list(days), taken_ms=0, archive_ends=ends, logs=logs, rejected={})

    raw = download(LocalFiles(store), tmp_path / "copy", dict.fromkeys(days, manifest), "/profiles")

    with Oracle(raw.events, raw.logs, raw.profiles, raw.archive_ends) as oracle:
        for case in cases():
            assert differences(case.question, case.rows, oracle.answer(case.question, **case.ask)) == []

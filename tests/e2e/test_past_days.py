"""Two past days through Airflow: every question agrees with the oracle, and nothing changes when they run again."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, wait
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from footfall.warehouse import manifest
from footfall.warehouse.tables import DAY_PAGES
from tests.support.past_days import EVENTS_A_DAY, QUESTIONS, PastDays


@pytest.fixture(scope="module", autouse=True)
def _beside_learning(learning: "Future[subprocess.CompletedProcess[str]]") -> Iterator[None]:
    """Learning goes on beside these tests and ends with them: it would replace lists that the next module writes."""
    yield
    wait([learning])


@pytest.mark.parametrize(("question", "asked"), QUESTIONS)
def test_a_day_agrees_with_the_oracle(past: PastDays, question: str, asked: dict[str, Any]) -> None:
    _, day = past.days
    # Few events may be without an error.
    assert past.oracle.answer(question, str(day), str(day), **asked) or question == "site-errors", "nothing to compare"
    assert past.differences(question, day, day, asked) == []


@pytest.mark.parametrize(("question", "asked"), QUESTIONS)
def test_a_range_agrees_with_the_oracle(past: PastDays, question: str, asked: dict[str, Any]) -> None:
    assert past.differences(question, *past.days, asked) == []


@pytest.mark.parametrize(("question", "asked"), QUESTIONS[:3])
def test_bots_and_single_sites_agree_with_the_oracle(past: PastDays, question: str, asked: dict[str, Any]) -> None:
    for more in ({"bots": "include"}, {"bots": "only", "app": "news"}):
        assert past.differences(question, *past.days, asked | more) == []


def test_the_command_line_prints_the_rows(past: PastDays) -> None:
    first, last = past.days
    rows = past.query("navigation-paths", first, last, {"by": "page_path", "length": 3})
    assert rows
    options = ("--from", str(first), "--to", str(last), "--by", "page_path", "--length", "3")
    assert past.platform.query("navigation-paths", *options) == rows


def test_days_pass_their_checks(past: PastDays) -> None:
    rows = past.query("data-quality", *past.days, {})
    assert {row["from_dt"] for row in rows} == set(map(str, past.days))
    assert {row["status"] for row in rows} <= {"ok", "warning"}


def test_verify_covers_the_published_days(past: PastDays) -> None:
    document = past.platform.assert_verified()
    assert document["stores"]["hive"]["days"] >= 2
    assert document["stores"]["hive"]["events"] > EVENTS_A_DAY


def test_a_run_that_finds_a_partition_deleted_makes_it_again_and_changes_no_figure(past: PastDays) -> None:
    first, day = past.days
    before, run = past.figures(day), past.run_of(day)
    newer = "99991231T235959-ffff"
    manifest.record_published(past.hdfs, newer, [first])
    partition, aside = DAY_PAGES.partition(str(day), run), f"{DAY_PAGES.folder}/_aside"
    assert past.hdfs.rename(partition, aside)
    try:
        refused = past.platform.run("query", "most-visited-pages", "--from", str(first), "--to", str(day))
        assert refused.returncode == 1
        assert f"The rows of {day} in day_pages were deleted" in refused.stderr
        assert past.query("most-visited-pages", first, first, {}), "the other day was to stay readable"
        found = {one["kind"]: one["detail"] for one in past.platform.verify()["problems"]}
        assert set(found) == {"deleted", "old_run"}, found
        assert f"{day} in day_pages" in found["deleted"]
        assert f"{first} shows the run {past.run_of(first)}" in found["old_run"]
    finally:
        past.hdfs.delete(f"{manifest.RUNS}/{newer}-published.json")
    done = past.platform.run("batch", "--date", str(day), timeout=900)
    assert done.returncode == 0, done.stderr[-4000:]
    assert past.run_of(day) > run
    past.hdfs.rename(aside, partition)
    past.assert_same_figures(day, before)


def test_a_day_without_data_starts_no_run(past: PastDays) -> None:
    day = past.days[0] - timedelta(days=30)
    refused = past.platform.run("batch", "--date", str(day))
    assert refused.returncode == 2, refused.stderr
    assert f"HDFS has no events and no log lines of {day}, so there is nothing to run." in refused.stderr
    assert "started the workflow" not in refused.stderr


def test_a_day_that_is_not_over_is_refused(past: PastDays) -> None:
    today = str(datetime.now(timezone.utc).date())
    refused = past.platform.run("batch", "--date", today)
    assert refused.returncode == 2
    assert "is not over yet" in refused.stderr
    asked = past.platform.run("query", "daily-summary", "--date", today)
    assert asked.returncode != 0
    assert "is not over yet" in asked.stderr

"""Two past days through Airflow: every question agrees with the oracle, and nothing changes when they run again."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import pytest

from footfall.hdfs import Hdfs
from footfall.settings import Settings
from footfall.verification.stores.hive import HiveStore
from footfall.warehouse import manifest, profiles, published
from footfall.warehouse.published import Published
from tests.oracle.comparison import differences
from tests.oracle.oracle import Oracle
from tests.support.platform import Platform
from tests.support.raw_days import download

_EVENTS_A_DAY: Final = 3_000
QUESTIONS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("daily-summary", {}),
    ("most-visited-pages", {}),
    ("section-engagement", {}),
    ("navigation-paths", {"by": "page_type", "length": 2}),
    ("navigation-paths", {"by": "page_path", "length": 3}),
    ("transitions", {}),
    ("geographic-traffic", {"by": "country"}),
    ("geographic-traffic", {"by": "city"}),
    ("engagement-by-profile", {"by": "plan"}),
    ("engagement-by-profile", {"by": "age_band"}),
    ("site-errors", {}),
    ("slow-pages", {"min_views": 2}),
)


class PastDays:
    """Two published days, and the oracle over their raw data."""

    def __init__(self, platform: Platform, folder: Path) -> None:
        self.platform = platform
        self.hdfs = Hdfs(platform.settings)
        today = datetime.now(timezone.utc).date()
        self.days = (today - timedelta(days=2), today - timedelta(days=1))
        made = platform.run("history", "--days", "2", "--events-per-day", str(_EVENTS_A_DAY), timeout=900)
        assert made.returncode == 0, made.stderr[-4000:]
        known = published.read(self.hdfs)
        manifests = {str(day): manifest.load(self.hdfs, known[day].run) for day in self.days}
        in_use = profiles.published_run(self.hdfs)
        assert in_use is not None
        raw = download(self.hdfs, folder, manifests, profiles.PROFILES_HISTORY.partition(in_use))
        self.oracle = Oracle(raw.events, raw.logs, raw.profiles, raw.archive_ends)

    def query(self, question: str, first: date, last: date, asked: dict[str, Any]) -> list[dict[str, Any]]:
        options = [part for name, value in asked.items() for part in (f"--{name.replace('_', '-')}", str(value))]
        return self.platform.query(question, "--from", str(first), "--to", str(last), *options)

    def differences(self, question: str, first: date, last: date, asked: dict[str, Any]) -> list[str]:
        right = self.oracle.answer(question, str(first), str(last), **asked)
        return differences(question, right, self.query(question, first, last, asked))


@pytest.fixture(scope="module")
def past(platform: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PastDays]:
    past = PastDays(Platform(platform), tmp_path_factory.mktemp("raw"))
    with past.oracle:
        yield past


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


def test_days_pass_their_checks(past: PastDays) -> None:
    rows = past.query("data-quality", *past.days, {})
    assert {row["from_dt"] for row in rows} == set(map(str, past.days))
    assert {row["status"] for row in rows} <= {"ok", "warning"}


def test_verify_covers_the_published_days_and_names_what_is_wrong(past: PastDays) -> None:
    document = past.platform.verify()
    assert document["ok"], document["problems"][:10]
    assert document["stores"]["hive"]["days"] >= 2
    assert document["stores"]["hive"]["events"] > _EVENTS_A_DAY
    known = published.read(past.hdfs)
    day = past.days[0]
    newer = "99991231T235959-ffff"
    manifest.record_published(past.hdfs, newer, [day])
    try:
        problems = past.platform.verify()["problems"]
        assert [one["kind"] for one in problems if one["store"] == HiveStore.name] == ["old_run"], problems
        assert known[day].run in problems[0]["detail"]
    finally:
        past.hdfs.delete(f"{manifest.RUNS}/{newer}-published.json")


def test_running_again_changes_no_figure(past: PastDays) -> None:
    day = past.days[1]
    before = [past.query(question, day, day, asked) for question, asked in QUESTIONS]
    was: Published = published.read(past.hdfs)[day]
    done = past.platform.run("batch", "--date", str(day), timeout=900)
    assert done.returncode == 0, done.stderr[-4000:]
    assert published.read(past.hdfs)[day].run > was.run
    for (question, asked), rows in zip(QUESTIONS, before, strict=True):
        after = past.query(question, day, day, asked)
        for row in (*rows, *after):
            row.pop("published_at", None)
        assert after == rows, (question, asked)


def test_a_day_that_is_not_over_is_refused(past: PastDays) -> None:
    today = str(datetime.now(timezone.utc).date())
    refused = past.platform.run("batch", "--date", today)
    assert refused.returncode == 2
    assert "is not over yet" in refused.stderr
    asked = past.platform.run("query", "daily-summary", "--date", today)
    assert asked.returncode != 0
    assert "is not over yet" in asked.stderr

"""Two published days of the test platform, and the oracle over their raw data."""

from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

from footfall import question_registry
from footfall.hdfs import Hdfs
from footfall.questions.sources import Sources
from footfall.warehouse import manifest, profiles, published
from tests.oracle.comparison import differences
from tests.oracle.oracle import Oracle
from tests.support.platform import Platform
from tests.support.raw_days import download

EVENTS_A_DAY: Final = 3_000
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
    ("actions", {}),
    ("web-vitals", {"by": "page"}),
    ("web-vitals", {"by": "device"}),
)


class PastDays:
    """Makes the two days before today and runs them through Airflow."""

    def __init__(self, platform: Platform, folder: Path) -> None:
        self.platform = platform
        self.hdfs, self.sources = Hdfs(platform.settings), Sources(platform.settings)
        today = datetime.now(timezone.utc).date()
        self.days = (today - timedelta(days=2), today - timedelta(days=1))
        made = platform.run("history", "--days", "2", "--events-per-day", str(EVENTS_A_DAY), timeout=900)
        assert made.returncode == 0, made.stderr[-4000:]
        known = published.read(self.hdfs)
        self.first_runs = {day: known[day].run for day in self.days}
        manifests = {str(day): manifest.load(self.hdfs, known[day].run) for day in self.days}
        in_use = profiles.published_run(self.hdfs)
        assert in_use is not None
        raw = download(self.hdfs, folder, manifests, profiles.PROFILES_HISTORY.partition(in_use))
        self.oracle = Oracle(raw.events, raw.logs, raw.profiles, raw.archive_ends)

    def query(self, question: str, first: date, last: date, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """The rows of a question about these days."""
        given = {"from": str(first), "to": str(last), **asked}
        return question_registry.ask(self.sources, question, **given)

    def differences(self, question: str, first: date, last: date, asked: dict[str, Any]) -> list[str]:
        """Where a question's rows differ from the oracle's."""
        right = self.oracle.answer(question, str(first), str(last), **asked)
        return differences(question, right, self.query(question, first, last, asked))

    def figures(self, day: date) -> list[list[dict[str, Any]]]:
        """The rows of every question about a day, without the moment at which it was published."""
        found = [self.query(question, day, day, asked) for question, asked in QUESTIONS]
        return [[{name: row[name] for name in row if name != "published_at"} for row in rows] for rows in found]

    def assert_same_figures(self, day: date, before: list[list[dict[str, Any]]]) -> None:
        """Fails unless the answers are what `figures` returned before."""
        for (question, asked), rows, now in zip(QUESTIONS, before, self.figures(day), strict=True):
            assert now == rows, (question, asked)

    def run_of(self, day: date) -> str:
        """The published run of a day."""
        return published.read(self.hdfs)[day].run

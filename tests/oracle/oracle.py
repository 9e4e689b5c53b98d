"""Answers the historical questions: `answers` for one question, `Oracle` for several about the same data."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import duckdb

from tests.oracle import macros, sources, visits
from tests.oracle.questions import (
    actions,
    daily_summary,
    engagement_by_profile,
    geographic_traffic,
    most_visited_pages,
    navigation_paths,
    recommendation_effect,
    section_engagement,
    site_errors,
    slow_pages,
    transitions,
    web_vitals,
)

Row = dict[str, Any]
Paths = Sequence[str | Path]

# Each module has SQL and PARAMETERS, the names and defaults of the question's own parameters (... if it has none).
QUESTIONS: Final = {
    "daily-summary": daily_summary,
    "most-visited-pages": most_visited_pages,
    "section-engagement": section_engagement,
    "navigation-paths": navigation_paths,
    "transitions": transitions,
    "geographic-traffic": geographic_traffic,
    "engagement-by-profile": engagement_by_profile,
    "site-errors": site_errors,
    "recommendation-effect": recommendation_effect,
    "slow-pages": slow_pages,
    "actions": actions,
    "web-vitals": web_vitals,
}
_MEMORY: Final = "1GB"


class Oracle:
    """The answers for one set of raw data. Close it after use."""

    def __init__(
        self,
        events: Paths,
        logs: Mapping[str, Paths] | None = None,
        profiles: Paths = (),
        archive_ends: Mapping[str, Mapping[str, int]] | None = None,
        threads: int = 1,
    ) -> None:
        """events: Parquet files below `app_id=…/`, at least one. logs: by kind, files of raw lines. profiles: Parquet
        files of `profiles_history`. archive_ends: by day (YYYY-MM-DD) and Kafka partition (as text) the offset from
        which on the day's events are ignored; days that it does not name are taken whole."""
        # What does not fit into memory must not go into the working directory, as it otherwise would.
        limits = {"memory_limit": _MEMORY, "threads": str(threads), "temp_directory": tempfile.gettempdir()}
        self._connection = duckdb.connect(config={**limits})
        self._populations: set[str] = set()
        macros.define(self._connection)
        sources.load_events(self._connection, events, archive_ends)
        sources.load_logs(self._connection, logs or {})
        sources.load_profiles(self._connection, profiles)

    def __enter__(self) -> "Oracle":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def answer(
        self,
        question: str,
        from_dt: str,
        to_dt: str,
        app: str | None = None,
        bots: str = "exclude",
        limit: int | None = None,
        **parameters: Any,
    ) -> list[Row]:
        """The rows of a question for the days from `from_dt` to `to_dt` (YYYY-MM-DD), both included, in its order.

        bots: exclude, include or only. parameters: the question's own. `published_at` is None: raw data is never
        published. `fingerprint` is a readable text; other engines hash it.
        """
        module = QUESTIONS[question]
        population = visits.POPULATION_OF[bots]
        if population not in self._populations:
            visits.build(self._connection, population)
            self._populations.add(population)
        visits.choose(self._connection, population)
        chosen = {**module.PARAMETERS, **parameters}
        if unknown := chosen.keys() - module.PARAMETERS.keys():
            raise TypeError(f"{question} has no parameter {min(unknown)}")
        if missing := [name for name, value in chosen.items() if value is ...]:
            raise TypeError(f"{question} needs the parameter {missing[0]}")
        values = {"from_dt": from_dt, "to_dt": to_dt, "app": app, **chosen}
        result = self._connection.execute(module.SQL, values)
        columns = [column[0] for column in result.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()[:limit]]


def answers(
    question: str,
    *,
    events: Paths,
    from_dt: str,
    to_dt: str,
    logs: Mapping[str, Paths] | None = None,
    profiles: Paths = (),
    archive_ends: Mapping[str, Mapping[str, int]] | None = None,
    **asked: Any,
) -> list[Row]:
    """The rows of one question. See `Oracle` and `Oracle.answer`."""
    with Oracle(events, logs, profiles, archive_ends) as oracle:
        return oracle.answer(question, from_dt, to_dt, **asked)


def without_fingerprints(rows: list[Row]) -> list[Row]:
    """Rows of `site-errors` in a form that engines with different fingerprints share: without them, and with rows of
    equal `count` in the order of what a fingerprint stands for."""

    def key(row: Row) -> tuple[Any, ...]:
        return (-row["count"], row["app_id"], row["origin"], row["error_code"] or "", row["message"] or "")

    return sorted(({name: row[name] for name in row if name != "fingerprint"} for row in rows), key=key)

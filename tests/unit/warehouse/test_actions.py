"""`actions` runs its own SELECT over the facts of the golden days, and gives the answers worked out by hand."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from footfall import question_registry
from footfall.lake.schema import archived
from footfall.questions.sources import Sources
from footfall.settings import Settings
from footfall.warehouse.published import Published
from footfall.warehouse.questions._warehouse import WAREHOUSE
from tests.oracle import golden
from tests.oracle.golden.cases import Case, cases
from tests.oracle.oracle import Oracle, answers
from tests.support.golden_days import archived_before_1_1

DAYS = (date.fromisoformat(golden.FROM_DT), date.fromisoformat(golden.TO_DT))
NOW_MS = 1_795_910_400_000
RUN = "20261125T020000-1a2b"
CASES = [case for case in cases() if case.question == "actions"]


class Facts:
    """The published days in DuckDB, whose dialect the SELECT shares with Hive's."""

    def __init__(self, oracle: Oracle) -> None:
        self._tables = oracle._connection.cursor()
        self._tables.execute(
            "create temp view fact_visits as select 'people' as population, dt, visit_id from people.visit union all "
            "select 'bots', dt, visit_id from bots.visit union all select 'all', dt, visit_id from all_events.visit"
        )
        self._tables.execute(
            "create temp view fact_events as select own.*, every.visit_id as visit_id_all from (select * from "
            "people.event union all select * from bots.event) own join all_events.event every using (dt, session_id, "
            "event_id)"
        )

    def close(self) -> None:
        pass

    def published(self) -> dict[date, Published]:
        return {day: Published(day, RUN, 1000, "") for day in DAYS}

    def unpublished(self, *_: Any) -> list[date]:
        return []

    def rows(self, select: str, partitions: Mapping[str, str], values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        days = ", ".join(f"'{day}'" for day in partitions)
        shared = ", ".join(
            f"{name} as (select * from temp.{name} where dt in ({days}))" for name in ("fact_events", "fact_visits")
        )
        return self._tables.execute(f"with {shared} {select}".replace("%s", "?"), list(values)).fetchall()


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facts]:
    root = tmp_path_factory.mktemp("golden")
    golden.write_archive(root)
    with Oracle(sorted(root.glob("*/*/*.parquet"))) as oracle:
        for bots in ("exclude", "include", "only"):
            oracle.answer("actions", golden.FROM_DT, golden.TO_DT, bots=bots)
        yield Facts(oracle)


def ask(facts: Facts, **asked: Any) -> list[dict[str, Any]]:
    with Sources(Settings(), {WAREHOUSE: facts}, lambda: NOW_MS) as sources:
        return question_registry.ask(sources, "actions", **asked)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_gives_the_answers_that_were_worked_out_by_hand(facts: Facts, case: Case) -> None:
    asked = {"from": case.ask["from_dt"], "to": case.ask["to_dt"], "bots": case.ask["bots"], "app": case.ask["app"]}
    assert ask(facts, **asked) == case.rows
    assert ask(facts, **asked, limit=2) == case.rows[:2]


def test_archive_files_from_before_the_name_have_none(tmp_path: Path) -> None:
    golden.write_archive(tmp_path)
    files = sorted(tmp_path.glob("*/*/*.parquet"))
    for file in files:
        columns = archived_before_1_1().names
        assert set(columns) < set(archived().names)
        pq.write_table(pq.ParquetFile(file).read(columns), file)
    rows = answers("actions", events=files, from_dt=golden.TO_DT, to_dt=golden.TO_DT, app="academy")
    assert [row["event_name"] for row in rows if row["event_type"] == "custom"] == [None]

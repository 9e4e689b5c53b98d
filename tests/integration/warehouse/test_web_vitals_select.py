"""The SELECT of `web-vitals` over the golden archive, in Spark, whose SQL has what Hive's has here."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timezone
from typing import Any

import pytest
from pyspark.sql import SparkSession

from footfall import question_registry
from footfall.questions.sources import Sources
from footfall.settings import Settings
from footfall.warehouse.published import Published
from footfall.warehouse.questions._warehouse import WAREHOUSE
from tests.oracle import golden
from tests.oracle.golden.cases import Case, cases

CASES = [case for case in cases() if case.question == "web-vitals"]
NOW_MS = int(datetime(2026, 11, 26, tzinfo=timezone.utc).timestamp() * 1000)


class Store:
    """The golden days as published; their events are in Spark's view `golden_events`."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark

    def close(self) -> None:
        pass

    def published(self) -> dict[date, Published]:
        days = map(date.fromisoformat, (golden.FROM_DT, golden.TO_DT))
        return {day: Published(day, "20261126T000000-0000", 1000, "") for day in days}

    def unpublished(self, days: Sequence[date], known: Mapping[date, Published], today: date) -> list[date]:
        return []

    def rows(self, select: str, partitions: Mapping[str, str], values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        days = ", ".join(f"'{day}'" for day in partitions)
        given = select.replace("%s", "'{}'").format(*values) if values else select
        found = self._spark.sql(
            f"WITH fact_events AS (SELECT * FROM golden_events WHERE CAST(dt AS STRING) IN ({days})) {given}"
        )
        return [tuple(row) for row in found.collect()]


@pytest.fixture(scope="module")
def store(warehouse_spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Store:
    root = tmp_path_factory.mktemp("golden")
    golden.write_archive(root)
    # A compaction's repeats are no rows of `fact_events`.
    events = warehouse_spark.read.parquet(str(root)).dropDuplicates(["session_id", "event_id"])
    events.createOrReplaceTempView("golden_events")
    return Store(warehouse_spark)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_question_gives_the_answers_that_were_worked_out_by_hand(store: Store, case: Case) -> None:
    asked = {"from": case.ask["from_dt"], "to": case.ask["to_dt"]}
    asked |= {name: value for name, value in case.ask.items() if name not in ("from_dt", "to_dt")}
    with Sources(Settings(), {WAREHOUSE: store}, lambda: NOW_MS) as sources:
        rows = question_registry.ask(sources, "web-vitals", **asked)
    assert rows == case.rows
    assert [list(row) for row in rows] == [list(row) for row in case.rows]

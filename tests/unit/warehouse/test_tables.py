"""The tables of the warehouse, and the SQL over their partitions."""

from typing import get_args

import pytest

from footfall.warehouse import checks
from footfall.warehouse.partitions import condition, with_partitions
from footfall.warehouse.tables import TABLES, Type, Writer

RUN = "20261129T020000-1a2b"
LATER = "20261130T020000-1a2b"


def test_each_table_is_well_formed() -> None:
    assert len({table.name for table in TABLES}) == len(TABLES)
    for table in TABLES:
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)
        assert set(table.key) <= set(names)
        assert not {"dt", "run"} & set(names)
        assert {column.type for column in table.columns} <= set(get_args(Type))
        assert table.writer in get_args(Writer)
        assert table.comment.endswith(".")
        assert all(column.comment for column in table.columns)


def test_a_table_stands_for_its_rows_in_these_partitions() -> None:
    partitions = {"2026-11-27": LATER, "2026-11-26": RUN, "2026-11-25": RUN}
    where = f"((run = '{RUN}' AND dt IN ('2026-11-25', '2026-11-26')) OR (run = '{LATER}' AND dt IN ('2026-11-27')))"
    assert condition(partitions) == where
    select = "SELECT v.dt FROM fact_visits v JOIN fact_visits w ON v.dt = w.dt"
    assert with_partitions(select, partitions) == (
        f"WITH fact_visits AS (SELECT * FROM footfall.fact_visits_runs WHERE {where}) {select}"
    )


@pytest.mark.parametrize("partitions", [{"2026-11-27' OR true": RUN}, {"2026-11-27": "x' OR 'a' = 'a"}])
def test_what_is_no_day_or_run_never_becomes_sql(partitions: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="No day and run"):
        condition(partitions)


def test_checks_name_only_tables_and_columns_that_exist() -> None:
    names = {table.name for table in TABLES}
    assert {check.table for check in (*checks.CHECKS, *checks.SHARES)} <= names
    statement = "; ".join(checks.counts({"2026-11-27": RUN}))
    assert statement.count("AS check_number") == len(checks.CHECKS)
    assert "{" not in statement

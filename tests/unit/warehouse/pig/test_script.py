"""The Pig script of a run."""

import re

import pytest

from footfall.names import LOG_KINDS
from footfall.settings import REPOSITORY
from footfall.warehouse.pig import script
from footfall.warehouse.tables import TABLES

DAYS = ("2026-11-24", "2026-11-25")
FILES = ["/logs/access/dt=2026-11-24/vm.1.log", "/logs/error/dt=2026-11-25/vm.2.log"]
REJECTED = {"2026-11-24": ["/events_rejected/dt=2026-11-24/0a-1.parquet"], "2026-11-25": []}


def _rendered() -> str:
    return script.render("a job", DAYS, FILES, REJECTED, "/w/_staging/x")


def test_each_table_of_pig_is_stored_once_for_each_day() -> None:
    stored = re.findall(r"INTO '(.+?)'", _rendered())
    tables = [table.name for table in TABLES if table.writer == "pig"]
    assert sorted(stored) == sorted(f"/w/_staging/x/{table}/dt={day}" for table in tables for day in DAYS)


def test_a_stored_relation_has_the_columns_of_its_table_in_order() -> None:
    stored = re.findall(
        r"stored = FOREACH stored GENERATE (.+?);\nSTORE stored INTO '/w/_staging/x/(\w+)/", _rendered()
    )
    assert len(stored) == len(script.PIG_TABLES) * len(DAYS)
    for columns, table in stored:
        assert columns.split(", ") == [column.name for column in script.PIG_TABLES[table].columns]


def test_all_log_files_are_one_input() -> None:
    assert re.findall(r"LOAD '(.+?)'\s+USING footfall.pig.LogLines", _rendered()) == [",".join(FILES)]


def test_a_day_without_rejected_events_loads_nothing() -> None:
    assert re.findall(r"LOAD '(.+?)' USING org.apache", _rendered()) == REJECTED["2026-11-24"]
    none = script.render("a job", DAYS, FILES, {}, "/w")
    assert "ParquetLoader" not in none
    assert "UNION" not in none
    assert "INTO '/w/fact_rejected_events/dt=2026-11-24'" in none


def test_each_kind_of_log_has_a_fact_table() -> None:
    assert set(script.FACTS) == set(LOG_KINDS)
    for kind in LOG_KINDS:
        assert f"FILTER valid BY log_kind == '{kind}'" in _rendered()


def test_the_java_function_makes_every_column_of_the_facts() -> None:
    java = (REPOSITORY / "engines/pig/functions/src/main/java/footfall/pig/Column.java").read_text()
    made = dict(re.findall(r"^  ([A-Z_0-9]+)(?:\((\w+)\.class\))?[,;]", java, re.MULTILINE))
    types = {"string": "", "int": "Integer", "bigint": "Long"}
    for table in script.FACTS.values():
        for column in table.columns:
            assert made[column.name.upper()] == types[column.type], f"{table.name}.{column.name}"


@pytest.mark.parametrize("name", ["it's.log", "a,b.log", "{a}.log", "*.log", "a b.log", "$x.log", "ä.log", "a\nb.log"])
def test_a_name_that_pig_would_misread_is_refused(name: str) -> None:
    with pytest.raises(script.UnusablePath, match="unusual characters"):
        script.render("a job", DAYS, [f"/logs/access/dt=2026-11-24/{name}"], {}, "/w")
    with pytest.raises(script.UnusablePath):
        script.render("a job", DAYS, FILES, {"2026-11-24": [f"/events_rejected/{name}"]}, "/w")

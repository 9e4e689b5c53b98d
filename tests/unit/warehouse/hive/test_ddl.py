"""The statements that create and change Hive's tables."""

from dataclasses import replace

import pytest

from footfall.warehouse import profiles
from footfall.warehouse.hive import ddl
from footfall.warehouse.hive.schema import ALL
from footfall.warehouse.tables import DAY_SECTIONS, TABLES, Column

_PRESENT = [(column.name, column.type) for column in DAY_SECTIONS.columns]


def test_a_table_of_days_has_comments_and_partitions() -> None:
    statement = ddl.create_table(DAY_SECTIONS)
    assert statement.startswith("CREATE EXTERNAL TABLE IF NOT EXISTS footfall.day_sections_runs (`population` string ")
    assert "`app_id` string COMMENT 'site'" in statement
    assert "PARTITIONED BY (`dt` string COMMENT 'day, UTC', `run` string COMMENT 'run that wrote the row')" in statement
    assert statement.endswith("STORED AS PARQUET LOCATION '/warehouse/footfall/day_sections'")


def test_a_view_of_days_shows_published_rows_and_their_day() -> None:
    statement = ddl.create_view(DAY_SECTIONS)
    assert statement.startswith("CREATE OR REPLACE VIEW footfall.day_sections (`population` COMMENT ")
    assert "t.`scroll_views`, t.`dt` FROM footfall.day_sections_runs t" in statement
    assert statement.endswith("JOIN footfall.published_days p ON t.dt = p.dt AND t.run = p.run")


def test_profiles_have_one_partition_for_each_run() -> None:
    assert "PARTITIONED BY (`run` string COMMENT" in ddl.create_table(profiles.PROFILES)
    assert ddl.create_view(profiles.PROFILES).endswith("JOIN footfall.published_profiles p ON t.run = p.run")


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_every_column_has_a_comment_in_table_and_view(table: ddl.AnyTable) -> None:
    for column in table.columns:
        assert column.comment
        for statement in (ddl.create_table(table), ddl.create_view(table)):
            assert f"`{column.name}` " in statement
    assert ddl.create_table(table).count(" COMMENT '") == len(table.columns) + (3 if table in TABLES else 2)


def test_a_complete_table_stays_as_it_is() -> None:
    assert ddl.add_columns(DAY_SECTIONS, _PRESENT) is None


def test_new_columns_are_added_to_old_partitions_too() -> None:
    statement = ddl.add_columns(DAY_SECTIONS, _PRESENT[:-2])
    assert statement is not None
    assert statement.startswith("ALTER TABLE footfall.day_sections_runs ADD COLUMNS (`scroll_sum` bigint COMMENT ")
    assert statement.endswith(") CASCADE")
    assert "`scroll_views`" in statement


@pytest.mark.parametrize(
    ("present", "named"),
    [
        ([*_PRESENT[:3], ("old", "int"), *_PRESENT[3:]], "old"),
        ([("population", "int"), *_PRESENT[1:]], "population"),
        ([*_PRESENT, ("more", "int")], "more"),
        ([*_PRESENT[1:], _PRESENT[0]], "app_id"),
    ],
)
def test_another_change_is_refused(present: list[tuple[str, str]], named: str) -> None:
    with pytest.raises(ddl.ColumnsChanged, match=f"The column {named} of Hive's table footfall.day_sections_runs"):
        ddl.add_columns(DAY_SECTIONS, present)


def test_the_digest_follows_columns_and_comments() -> None:
    columns = DAY_SECTIONS.columns
    digests = {
        ddl.digest([table])
        for table in (
            DAY_SECTIONS,
            replace(DAY_SECTIONS, columns=(*columns, Column("new", "int", "new"))),
            replace(DAY_SECTIONS, columns=(*columns[:-1], columns[-1]._replace(comment="changed"))),
            replace(DAY_SECTIONS, comment="changed"),
        )
    }
    assert len(digests) == 4

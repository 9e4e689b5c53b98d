"""Hive's statements for the warehouse's tables and views, made from their definitions. Pure.

The columns of a table may only grow: Parquet files are read by column name, so old files show a new column as null.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Final

from footfall.errors import FootfallError
from footfall.hive.literals import literal
from footfall.warehouse.profiles import ProfileTable
from footfall.warehouse.tables import DATABASE, Column, Table

AnyTable = Table | ProfileTable

_DAY: Final = Column("dt", "string", "day, UTC")
_RUN: Final = Column("run", "string", "run that wrote the row")


class ColumnsChanged(FootfallError):
    """A table in Hive has columns that do not fit its definition; the message is one sentence."""


def runs(table: AnyTable) -> str:
    """The name of the table that holds every run's rows, without the database."""
    return f"{table.name}_runs"


def digest(tables: Iterable[AnyTable]) -> str:
    """Changes whenever a statement of this module changes for these tables."""
    statements = [(create_table(table), create_view(table)) for table in tables]
    return hashlib.sha256(json.dumps(statements).encode()).hexdigest()[:16]


def create_table(table: AnyTable) -> str:
    """Creates the table of every run's rows, if it does not exist."""
    comment = f"{table.comment} Every run; the view {table.name} has the published rows."
    partitions = (_DAY, _RUN) if isinstance(table, Table) else (_RUN,)
    return (
        f"CREATE EXTERNAL TABLE IF NOT EXISTS {DATABASE}.{runs(table)} ({_columns(table.columns)}) "
        f"COMMENT {literal(comment)} PARTITIONED BY ({_columns(partitions)}) "
        f"STORED AS PARQUET LOCATION {literal(table.folder)}"
    )


def create_view(table: AnyTable) -> str:
    """Creates or replaces the view of the published rows."""
    columns = (*table.columns, _DAY) if isinstance(table, Table) else table.columns
    if isinstance(table, Table):
        joined = f"{DATABASE}.{table.pointer} p ON t.dt = p.dt AND t.run = p.run"
    else:
        joined = f"{DATABASE}.published_profiles p ON t.run = p.run"
    named = ", ".join(f"`{column.name}` COMMENT {literal(column.comment)}" for column in columns)
    selected = ", ".join(f"t.`{column.name}`" for column in columns)
    return (
        f"CREATE OR REPLACE VIEW {DATABASE}.{table.name} ({named}) COMMENT {literal(table.comment)} AS "  # noqa: S608
        f"SELECT {selected} FROM {DATABASE}.{runs(table)} t JOIN {joined}"
    )


def add_columns(table: AnyTable, present: Iterable[tuple[str, str]]) -> str | None:
    """The statement that adds the columns which the table in Hive lacks; None if it lacks none.

    present: names and types of its columns, without the partition columns, in their order.
    Raises ColumnsChanged if a column was removed, moved, or has another type.
    """
    has, wanted = list(present), [(column.name, column.type) for column in table.columns]
    # Hive appends columns, so only those at the end can be new.
    if has != wanted[: len(has)]:
        ends = [*wanted, *[("", "")] * len(has)]
        name = next(column[0] for column, end in zip(has, ends, strict=False) if column != end)
        raise ColumnsChanged(
            f"The column {name} of Hive's table {DATABASE}.{runs(table)} differs from its definition. Columns can only "
            "be added at the end; anything else needs a migration in warehouse/hive/migrations."
        )
    missing = table.columns[len(has) :]
    # CASCADE adds them to the partitions that exist, too.
    return f"ALTER TABLE {DATABASE}.{runs(table)} ADD COLUMNS ({_columns(missing)}) CASCADE" if missing else None


def _columns(columns: Iterable[Column]) -> str:
    return ", ".join(f"`{column.name}` {column.type} COMMENT {literal(column.comment)}" for column in columns)

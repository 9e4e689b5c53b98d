"""SQL over single partitions. Questions and checks name day and run of every table that they read. Pure."""

import re
from collections.abc import Mapping
from typing import Final

from footfall.jobs.model import RUN_ID
from footfall.warehouse.tables import DATABASE, TABLES, Table, table

_NAMES: Final = re.compile(r"\b(?:" + "|".join(table.name for table in TABLES) + r")\b")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def with_partitions(select: str, partitions: Mapping[str, str]) -> str:
    """A SELECT in which the name of a table stands for its rows in these partitions.

    select: names tables without their database. partitions: day → run, not empty. Raises ValueError if one is not
    well-formed, since it becomes part of the SQL.
    """
    where = condition(partitions)
    shared = ", ".join(
        f"{one.name} AS (SELECT * FROM {DATABASE}.{one.name}_runs WHERE {where})" for one in tables_of(select)
    )
    return f"WITH {shared} {select}"


def tables_of(select: str) -> list[Table]:
    """The tables that a SELECT names, each once."""
    return [table(name) for name in dict.fromkeys(_NAMES.findall(select))]


def condition(partitions: Mapping[str, str]) -> str:
    """The condition that a row lies in one of these partitions. Raises the error of `with_partitions`."""
    by_run: dict[str, list[str]] = {}
    for day, run in sorted(partitions.items()):
        if not (_DAY.fullmatch(day) and RUN_ID.fullmatch(run)):
            raise ValueError(f"No day and run: {day!r}, {run!r}")
        by_run.setdefault(run, []).append(day)
    parts = [f"(run = '{run}' AND dt IN ({_listed(days)}))" for run, days in by_run.items()]
    return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"


def _listed(days: list[str]) -> str:
    return ", ".join(f"'{day}'" for day in days)

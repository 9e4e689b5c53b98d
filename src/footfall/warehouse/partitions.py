"""SQL over single partitions. Questions and checks name day and run of every table that they read. Pure."""

import re
from collections.abc import Mapping
from typing import Final

from footfall.jobs.model import RUN_ID
from footfall.warehouse.tables import DATABASE, TABLES

_NAMES: Final = re.compile(r"\b(?:" + "|".join(table.name for table in TABLES) + r")\b")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def with_partitions(select: str, partitions: Mapping[str, str]) -> str:
    """A SELECT in which the name of a table stands for its rows in these partitions.

    select: names tables without their database. partitions: day → run, not empty. Raises ValueError if one is not
    well-formed, since it becomes part of the SQL.
    """
    where = condition(partitions)
    tables = dict.fromkeys(_NAMES.findall(select))
    shared = ", ".join(f"{name} AS (SELECT * FROM {DATABASE}.{name}_runs WHERE {where})" for name in tables)
    return f"WITH {shared} {select}"


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

"""The tables of the warehouse as data: columns, types, comments, and the job that writes each. Pure.

Hive's tables, Spark's and Pig's writers and the checks are made of this list. A table `NAME` of days is stored in
`ROOT/NAME/dt=YYYY-MM-DD/run=RUN/` as Parquet. Hive sees it twice: `NAME_runs` with every run's partitions, and the view
`NAME` with the published ones.

Times are ms since 1970 UTC. Text compares by code point. A `population` is `people`, `bots` or `all`: visits are cut
for each of them separately, so the figures of `all` are not the sum of the others.
"""

from typing import Final

from footfall.warehouse.tables.checks import DATA_QUALITY, OFFENDING_ROWS
from footfall.warehouse.tables.days import (
    DAY_ERRORS,
    DAY_GEOGRAPHY,
    DAY_PAGES,
    DAY_PATHS,
    DAY_PROFILES,
    DAY_SECTIONS,
    DAY_SUMMARY,
    DAY_TRANSITIONS,
)
from footfall.warehouse.tables.facts import (
    FACT_ERRORS,
    FACT_EVENTS,
    FACT_PAGE_VIEWS,
    FACT_VISITS,
    VISITOR_DAYS,
)
from footfall.warehouse.tables.logs import (
    ENDPOINT_HOURLY,
    FACT_LOG_ERRORS,
    FACT_PERFORMANCE,
    FACT_REJECTED_EVENTS,
    FACT_REQUESTS,
    LOG_COUNTS,
    LOG_LINES_SET_APART,
)
from footfall.warehouse.tables.model import DATABASE, POPULATIONS, ROOT, Column, Table, Type, Writer, parsed_columns

__all__ = [
    "DATABASE",
    "DATA_QUALITY",
    "DAY_ERRORS",
    "DAY_GEOGRAPHY",
    "DAY_PAGES",
    "DAY_PATHS",
    "DAY_PROFILES",
    "DAY_SECTIONS",
    "DAY_SUMMARY",
    "DAY_TRANSITIONS",
    "ENDPOINT_HOURLY",
    "FACT_ERRORS",
    "FACT_EVENTS",
    "FACT_LOG_ERRORS",
    "FACT_PAGE_VIEWS",
    "FACT_PERFORMANCE",
    "FACT_REJECTED_EVENTS",
    "FACT_REQUESTS",
    "FACT_VISITS",
    "LOG_COUNTS",
    "LOG_LINES_SET_APART",
    "OFFENDING_ROWS",
    "POPULATIONS",
    "ROOT",
    "TABLES",
    "VISITOR_DAYS",
    "Column",
    "Table",
    "Type",
    "Writer",
    "parsed_columns",
    "table",
]

# All tables of days. A new one is defined in a module of this package and added here.
TABLES: Final[tuple[Table, ...]] = (
    FACT_EVENTS,
    FACT_VISITS,
    FACT_PAGE_VIEWS,
    FACT_ERRORS,
    VISITOR_DAYS,
    DAY_SUMMARY,
    DAY_PAGES,
    DAY_SECTIONS,
    DAY_PATHS,
    DAY_TRANSITIONS,
    DAY_GEOGRAPHY,
    DAY_PROFILES,
    DAY_ERRORS,
    FACT_REQUESTS,
    FACT_LOG_ERRORS,
    FACT_PERFORMANCE,
    ENDPOINT_HOURLY,
    FACT_REJECTED_EVENTS,
    LOG_LINES_SET_APART,
    LOG_COUNTS,
    DATA_QUALITY,
    OFFENDING_ROWS,
)


def table(name: str) -> Table:
    """The table with this name. Raises KeyError."""
    return {one.name: one for one in TABLES}[name]

"""The checks of a run before it is published, as SQL over the run's own partitions. Pure.

A check of integrity finds offending rows; if there is one, the day is not published. A check of a share or a volume
only warns.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from footfall.warehouse.partitions import with_partitions

# The most offending rows that are kept of one check.
KEPT: Final = 1000
_TOGETHER: Final = 4


class Check(NamedTuple):
    """A check of integrity.

    offending: a SELECT of the offending rows with the columns dt, row_key and detail. A table's name stands for the
    rows that the run wrote for its days (see `with_partitions`). sorts_all: whether Hive sorts every row of a table of
    facts for it.
    """

    name: str
    table: str
    offending: str
    sorts_all: bool = False


class Share(NamedTuple):
    """A share that warns above a limit. select: a SELECT of dt, part and whole. most: the limit, 0 to 1."""

    name: str
    table: str
    select: str
    most: float


_DAY_MS: Final = "86400000"
# The first ms of the day of a partition, since 1970.
_BEGIN: Final = f"CAST(datediff(dt, '1970-01-01') AS BIGINT) * {_DAY_MS}"


def _repeated(table: str, *key: str) -> Check:
    columns = ", ".join(key)
    text = ", '/', ".join(f"coalesce(CAST({one} AS STRING), '')" for one in key)
    return Check(
        "repeated",
        table,
        f"SELECT dt, concat({text}) AS row_key, concat(CAST(count(*) AS STRING), ' rows') AS detail "
        f"FROM {table} GROUP BY dt, {columns} HAVING count(*) > 1",
        sorts_all=True,
    )


def _out_of_day(table: str, key: str, time: str) -> Check:
    return Check(
        "outside the day",
        table,
        f"SELECT dt, {key} AS row_key, CAST({time} AS STRING) AS detail FROM {table} "
        f"WHERE {time} IS NULL OR {time} < {_BEGIN} OR {time} >= {_BEGIN} + {_DAY_MS}",
    )


_IDENTITY: Final = "concat(session_id, '/', event_id)"

CHECKS: Final[tuple[Check, ...]] = (
    _repeated("fact_events", "session_id", "event_id"),
    _repeated("fact_visits", "population", "visit_id"),
    _out_of_day("fact_events", _IDENTITY, "event_ms"),
    _out_of_day("fact_visits", "visit_id", "started_ms"),
    Check(
        "value out of range",
        "fact_events",
        f"SELECT dt, {_IDENTITY} AS row_key, 'engaged_ms, response_ms, scroll_pct or seq' AS detail "
        "FROM fact_events "
        "WHERE engaged_ms NOT BETWEEN 0 AND 600000 OR response_ms NOT BETWEEN 0 AND 600000 "
        "OR scroll_pct NOT BETWEEN 0 AND 100 OR seq < 0 OR seq IS NULL",
    ),
    Check(
        "value out of range",
        "fact_visits",
        "SELECT dt, visit_id AS row_key, 'a count, duration or amount' AS detail FROM fact_visits "
        "WHERE page_views < 1 OR events < page_views OR duration_ms <> ended_ms - started_ms OR duration_ms < 0 "
        "OR engaged_ms < 0 OR errors > attempts OR conversions < 0",
    ),
    Check(
        "page view without a visit",
        "fact_page_views",
        "SELECT v.dt, concat(v.session_id, '/', v.event_id) AS row_key, v.visit_id AS detail FROM fact_page_views v "
        "LEFT JOIN fact_visits t ON t.dt = v.dt AND t.visit_id = v.visit_id "
        "AND t.population = IF(v.is_bot, 'bots', 'people') WHERE t.visit_id IS NULL",
        sorts_all=True,
    ),
    Check(
        "page views differ",
        "fact_page_views",
        "SELECT e.dt, 'page views' AS row_key, concat(CAST(e.n AS STRING), ' events, ', "
        "CAST(coalesce(v.n, 0) AS STRING), ' rows') AS detail FROM "
        "(SELECT dt, count(*) AS n FROM fact_events WHERE event_type = 'page_view' GROUP BY dt) e LEFT JOIN "
        "(SELECT dt, count(*) AS n FROM fact_page_views GROUP BY dt) v ON e.dt = v.dt "
        "WHERE e.n <> coalesce(v.n, 0)",
    ),
    Check(
        "figures differ",
        "day_summary",
        "SELECT e.dt, concat(e.app_id, '/', e.population) AS row_key, concat(CAST(e.n AS STRING), ' events, ', "
        "CAST(coalesce(s.events, 0) AS STRING), ' counted') AS detail FROM "
        "(SELECT dt, app_id, IF(is_bot, 'bots', 'people') AS population, count(*) AS n FROM fact_events "
        "GROUP BY dt, app_id, IF(is_bot, 'bots', 'people')) e LEFT JOIN day_summary s "
        "ON s.dt = e.dt AND s.app_id = e.app_id AND s.population = e.population WHERE e.n <> coalesce(s.events, 0)",
    ),
    Check(
        "figures differ",
        "day_pages",
        "SELECT s.dt, concat(s.app_id, '/', s.population) AS row_key, concat(CAST(s.page_views AS STRING), ' views, ', "
        "CAST(coalesce(p.n, 0) AS STRING), ' by page') AS detail FROM day_summary s LEFT JOIN "
        "(SELECT dt, app_id, population, sum(page_views) AS n FROM day_pages GROUP BY dt, app_id, population) p "
        "ON s.dt = p.dt AND s.app_id = p.app_id AND s.population = p.population "
        "WHERE s.app_id <> 'all' AND s.page_views <> coalesce(p.n, 0)",
    ),
    Check(
        "lines missing",
        "log_counts",
        "SELECT dt, log_kind AS row_key, concat(CAST(distinct_lines AS STRING), ' lines, ', "
        "CAST(typed_rows AS STRING), ' rows, ', CAST(set_apart AS STRING), ' set apart') AS detail FROM log_counts "
        "WHERE distinct_lines <> typed_rows + set_apart OR lines < distinct_lines",
    ),
    *(
        Check(
            "lines missing",
            table,
            f"SELECT c.dt, c.log_kind AS row_key, concat(CAST(c.typed_rows AS STRING), ' counted, ', "
            f"CAST(coalesce(f.n, 0) AS STRING), ' rows') AS detail FROM log_counts c LEFT JOIN "
            f"(SELECT dt, count(*) AS n FROM {table} GROUP BY dt) f ON f.dt = c.dt "
            f"WHERE c.log_kind = '{kind}' AND c.typed_rows <> coalesce(f.n, 0)",
        )
        for kind, table in (
            ("access", "fact_requests"),
            ("error", "fact_log_errors"),
            ("performance", "fact_performance"),
        )
    ),
)

SHARES: Final[tuple[Share, ...]] = (
    Share(
        "country unknown",
        "fact_events",
        "SELECT dt, sum(IF(country IS NULL, 1, 0)) AS part, count(*) AS whole FROM fact_events GROUP BY dt",
        0.5,
    ),
    Share(
        "page view without a log line",
        "fact_page_views",
        # Of the sites with log lines. Others have none of any page view.
        "SELECT dt, sum(part) AS part, sum(whole) AS whole FROM (SELECT dt, app_id, "
        "sum(IF(server_us IS NULL, 1, 0)) AS part, count(*) AS whole FROM fact_page_views GROUP BY dt, app_id) s "
        "WHERE part < whole GROUP BY dt",
        0.05,
    ),
    Share(
        "late events",
        "fact_events",
        "SELECT dt, sum(IF(is_late, 1, 0)) AS part, count(*) AS whole FROM fact_events GROUP BY dt",
        0.1,
    ),
    Share(
        "lines set apart",
        "log_counts",
        "SELECT dt, sum(set_apart) AS part, sum(distinct_lines) AS whole FROM log_counts GROUP BY dt",
        0.01,
    ),
    Share(
        "users without a profile",
        "fact_visits",
        # Of the sites whose people are in the CRM.
        "SELECT dt, sum(part) AS part, sum(whole) AS whole FROM (SELECT dt, app_id, "
        "sum(IF(profile_plan IS NULL, 1, 0)) AS part, count(*) AS whole FROM fact_visits "
        "WHERE user_id IS NOT NULL AND population = 'all' GROUP BY dt, app_id) s WHERE part < whole GROUP BY dt",
        0.05,
    ),
)


def counts(partitions: Mapping[str, str]) -> list[str]:
    """SELECTs of the check's number in CHECKS, dt and the number of offending rows, for all checks together.

    All in one statement would need more memory than HiveServer2 has, and each in its own would take longer. On a day of
    a million events, a check that sorts all of them leaves no room for another one.
    """
    parts = [
        f"SELECT {number} AS check_number, dt, count(*) AS found FROM ({check.offending}) c{number} GROUP BY dt"
        for number, check in enumerate(CHECKS)
    ]
    alone = [part for part, check in zip(parts, CHECKS, strict=True) if check.sorts_all]
    others = [part for part, check in zip(parts, CHECKS, strict=True) if not check.sorts_all]
    together = [" UNION ALL ".join(others[at : at + _TOGETHER]) for at in range(0, len(others), _TOGETHER)]
    return [with_partitions(statement, partitions) for statement in (*alone, *together)]


def shares(partitions: Mapping[str, str]) -> str:
    """One SELECT of the share's number in SHARES, dt, part and whole."""
    parts = (
        f"SELECT {number} AS share_number, dt, part, whole FROM ({share.select}) s{number}"
        for number, share in enumerate(SHARES)
    )
    return with_partitions(" UNION ALL ".join(parts), partitions)


def offending(check: Check, partitions: Mapping[str, str]) -> str:
    """A SELECT of dt, row_key and detail of the rows that make a check fail, at most KEPT."""
    return with_partitions(f"SELECT dt, row_key, detail FROM ({check.offending}) o LIMIT {KEPT}", partitions)

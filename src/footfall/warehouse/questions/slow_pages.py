"""Slow pages of past days, and whether people leave."""

from datetime import date
from typing import Any, Final

from footfall.questions.model import Parameter, Question, Row
from footfall.questions.sources import Context
from footfall.warehouse.questions._rows import ordered, ratio, summed
from footfall.warehouse.questions._warehouse import HEAD, WAREHOUSE, R, Span, Warehouse, span
from footfall.warehouse.tables import DAY_PAGES

_KEY: Final = ("app_id", "page_path")
_COUNTS: Final = ("page_views", "timed_views", "slow_views", "slow_exits", "fast_exits")
_PERCENTILES: Final = ("p50_ms", "p95_ms", "p99_ms", "server_p95_ms")


def run(
    context: Context[Warehouse],
    day: date | None,
    first: date | None,
    last: date | None,
    app: str | None,
    bots: str,
    limit: int | None,
    min_views: int,
) -> list[Row]:
    """Rows of `slow-pages`. Raises UnknownValue, HiveUnavailable and HdfsUnavailable."""
    asked = span(context, day, first, last, app, bots)
    rows = context.store.records(DAY_PAGES, asked)
    if asked.is_day:
        times = {(row["app_id"], row["page_path"]): {name: row[name] for name in _PERCENTILES} for row in rows}
    else:
        times = _times(context.store, asked)
    answer = []
    for key, total in summed(rows, _KEY, _COUNTS).items():
        if total["page_views"] < min_views:
            continue
        slow, timed = total["slow_views"], total["timed_views"]
        answer.append(
            {
                **asked.head(total["app_id"]),
                "page_path": total["page_path"],
                "page_views": total["page_views"],
                **times.get(key, dict.fromkeys(_PERCENTILES)),
                "slow_views": slow,
                "slow_rate": ratio(slow, timed),
                "slow_exit_rate": ratio(total["slow_exits"], slow),
                "fast_exit_rate": ratio(total["fast_exits"], timed - slow),
            }
        )
    return ordered(answer, "p95_ms", _KEY, limit)


def _times(store: Warehouse, asked: Span) -> dict[tuple[Any, ...], dict[str, int | None]]:
    """The percentiles of each page over a range, by nearest rank."""
    found: dict[tuple[Any, ...], dict[str, int | None]] = {}
    measured = (
        ("response_ms", {"p50_ms": 50, "p95_ms": 95, "p99_ms": 99}),
        ("(server_us + 500) div 1000", {"server_p95_ms": 95}),
    )
    for value, wanted in measured:
        condition, values = asked.of_facts()
        ranks = ", ".join(f"max(IF(place = (n * {k} + 99) div 100, ms, NULL))" for k in wanted.values())
        select = (
            f"SELECT app_id, page_path, {ranks} FROM (SELECT app_id, page_path, ms, "
            "row_number() OVER (PARTITION BY app_id, page_path ORDER BY ms) AS place, "
            "count(*) OVER (PARTITION BY app_id, page_path) AS n FROM "
            f"(SELECT app_id, page_path, {value} AS ms FROM fact_page_views WHERE {condition}) v "
            "WHERE ms IS NOT NULL) r GROUP BY app_id, page_path"
        )
        for site, path, *percentiles in store.rows(select, asked.partitions, values):
            known = found.setdefault((site, path), dict.fromkeys(_PERCENTILES))
            known.update(zip(wanted, percentiles, strict=True))
    return found


QUESTION = Question(
    "slow-pages",
    __doc__,
    columns=(
        *HEAD,
        "page_path",
        "page_views",
        *_PERCENTILES,
        "slow_views",
        "slow_rate",
        "slow_exit_rate",
        "fast_exit_rate",
    ),
    parameters=(
        *R,
        Parameter(
            "min_views",
            "the fewest page views that a page must have",
            int,
            default=20,
            least=1,
        ),
    ),
    source=WAREHOUSE,
    run=run,
    when_empty="No page was viewed often enough to judge its speed; `--min-views` says how often that is.",
)

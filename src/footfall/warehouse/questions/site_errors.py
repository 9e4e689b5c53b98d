"""Errors of past days, of browsers and servers."""

from collections import Counter, defaultdict
from datetime import date
from typing import Any, Final

from footfall.events.times import format_rfc3339_ms
from footfall.questions.model import Question, Row
from footfall.questions.sources import Context
from footfall.warehouse import firsts
from footfall.warehouse.questions._rows import ordered, summed
from footfall.warehouse.questions._warehouse import HEAD, WAREHOUSE, R, Span, Warehouse, span
from footfall.warehouse.tables import DAY_ERRORS

_KEY: Final = ("app_id", "fingerprint")


def run(
    context: Context[Warehouse],
    day: date | None,
    first: date | None,
    last: date | None,
    app: str | None,
    bots: str,
    limit: int | None,
) -> list[Row]:
    """Rows of `site-errors`. Raises UnknownValue, HiveUnavailable and HdfsUnavailable."""
    asked = span(context, day, first, last, app, bots)
    rows = context.store.records(DAY_ERRORS, asked)
    newest = {_key(row): row for row in sorted(rows, key=lambda row: row["last_ms"])}
    firsts_ms = {_key(row): row["first_ms"] for row in sorted(rows, key=lambda row: -row["first_ms"])}
    seen = firsts.error_firsts(context.store.document(firsts.ERRORS))
    if asked.is_day:
        pages = {_key(row): row["page_path"] for row in rows}
        visitors = {_key(row): row["visitors"] for row in rows}
    else:
        pages, visitors = _pages_and_visitors(context.store, asked)
    answer = []
    for key, total in summed(rows, _KEY, ("errors", "visits")).items():
        latest = newest[key]
        answer.append(
            {
                **asked.head(total["app_id"]),
                "fingerprint": total["fingerprint"],
                "origin": latest["origin"],
                "error_code": latest["error_code"],
                "message": latest["message"],
                "page_path": pages[key],
                "count": total["errors"],
                "visitors": visitors[key],
                "visits": total["visits"],
                "first_at": format_rfc3339_ms(firsts_ms[key]),
                "last_at": format_rfc3339_ms(latest["last_ms"]),
                "is_new": seen.get((asked.population, *key), asked.first.isoformat()) >= asked.first.isoformat(),
                "sample_request_id": latest["sample_request_id"],
            }
        )
    return ordered(answer, "count", _KEY, limit)


def _pages_and_visitors(
    store: Warehouse, asked: Span
) -> tuple[dict[tuple[Any, ...], str | None], dict[tuple[Any, ...], int]]:
    """Of each error over a range: the page with most of them, the first of equals; and the distinct visitors."""
    condition, values = asked.of_facts()
    select = (
        "SELECT app_id, fingerprint, page_path, anonymous_id, count(*) FROM fact_errors "
        f"WHERE {condition} GROUP BY app_id, fingerprint, page_path, anonymous_id"
    )
    pages: dict[tuple[Any, ...], Counter[str | None]] = defaultdict(Counter)
    visitors: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    for site, fingerprint, path, visitor, n in store.rows(select, asked.partitions, values):
        pages[site, fingerprint][path] += n
        visitors[site, fingerprint].update([visitor] if visitor is not None else [])
    top = {
        key: min(counted, key=lambda path: (-counted[path], path is None, path or "")) for key, counted in pages.items()
    }
    return top, {key: len(visitors[key]) for key in pages}


def _key(row: Row) -> tuple[Any, ...]:
    return row["app_id"], row["fingerprint"]


QUESTION = Question(
    "site-errors",
    __doc__,
    columns=(
        *HEAD,
        "fingerprint",
        "origin",
        "error_code",
        "message",
        "page_path",
        "count",
        "visitors",
        "visits",
        "first_at",
        "last_at",
        "is_new",
        "sample_request_id",
    ),
    parameters=R,
    source=WAREHOUSE,
    run=run,
    when_empty="Nothing failed on these days.",
)

"""Closed windows: views, visits, errors, times."""

from typing import Any, Final

from footfall.events.times import format_rfc3339_ms
from footfall.hdfs import Hdfs
from footfall.lake.questions import _read, _span
from footfall.metrics.errors import error_rate
from footfall.questions.model import Question
from footfall.questions.sources import HDFS, Context

_COUNTED: Final = ("page_views", "visits", "visitors", "engaged_ms", "errors")
_PERCENTILES: Final = ("p50_ms", "p95_ms", "p99_ms")


def run(
    context: Context[Hdfs],
    window: str,
    by: str,
    app: str | None,
    from_ms: int | None,
    to_ms: int | None,
    limit: int | None,
) -> list[dict[str, Any]]:
    """Rows of `windowed-metrics`, without bots: the windows with from ≤ start < to, the newest first.

    Raises UnknownValue and HdfsUnavailable.
    """
    first_ms, end_ms = _span.window_span_ms(context.now_ms, from_ms, to_ms)
    length_ms = _span.WINDOWS[window] * _span.MINUTE_MS
    columns = ("app_id", "value", *_COUNTED, "error_n", *_PERCENTILES, "revision")
    rows = _read.rows(context.store, _span.WINDOWS[window], app, by, first_ms, end_ms, columns)
    rows.sort(key=lambda row: (-row[0], row[1], row[2] or ""))
    return [
        _row(by, length_ms, context.now_ms, start_ms, dict(zip(columns, row, strict=True)))
        for start_ms, *row in rows[:limit]
    ]


def _row(by: str, length_ms: int, now_ms: int, start_ms: int, figures: dict[str, Any]) -> dict[str, Any]:
    end_ms = start_ms + length_ms
    return {
        "window_start_at": format_rfc3339_ms(start_ms),
        "window_end_at": format_rfc3339_ms(end_ms),
        "app_id": figures["app_id"],
        "dimension": by,
        "value": figures["value"],
        **{name: figures[name] for name in _COUNTED},
        "error_rate": error_rate(figures["errors"], figures["error_n"]),
        **{name: figures[name] for name in _PERCENTILES},
        "revision": figures["revision"],
        # A published window is closed.
        "is_final": _span.is_final(now_ms, end_ms),
    }


QUESTION = Question(
    "windowed-metrics",
    __doc__,
    columns=(
        "window_start_at",
        "window_end_at",
        "app_id",
        "dimension",
        "value",
        *_COUNTED,
        "error_rate",
        *_PERCENTILES,
        "revision",
        "is_final",
    ),
    parameters=_read.OF_WINDOWS,
    source=HDFS,
    run=run,
    when_empty="Nothing happened in this time, or none of its windows is closed and published yet. "
    "`./footfall status` shows how far windows are behind.",
)

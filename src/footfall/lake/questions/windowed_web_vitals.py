"""How fast pages felt in closed windows."""

from typing import Any

from footfall.events.times import format_rfc3339_ms
from footfall.hdfs import Hdfs
from footfall.lake.questions import _read, _span
from footfall.metrics import web_vitals
from footfall.questions.model import Question
from footfall.questions.sources import HDFS, Context


def run(
    context: Context[Hdfs],
    window: str,
    by: str,
    app: str | None,
    from_ms: int | None,
    to_ms: int | None,
    limit: int | None,
) -> list[dict[str, Any]]:
    """Rows of `windowed-web-vitals`, without bots: the windows with from ≤ start < to in which a page was measured.

    The newest is first. Raises UnknownValue and HdfsUnavailable.
    """
    # Imported here, since it imports pyarrow, which is slow.
    from footfall.lake.window_files import VITAL_COLUMNS, VITAL_VIEWS

    first_ms, end_ms = _span.window_span_ms(context.now_ms, from_ms, to_ms)
    length_ms = _span.WINDOWS[window] * _span.MINUTE_MS
    columns = ("app_id", "value", VITAL_VIEWS, *(name for names in VITAL_COLUMNS.values() for name in names))
    rows = _read.rows(context.store, _span.WINDOWS[window], app, by, first_ms, end_ms, (*columns, "revision"))
    rows = sorted((row for row in rows if row[3]), key=lambda row: (-row[0], row[1], row[2] or ""))
    found = []
    for start_ms, app_id, value, views, *stored, revision in rows[:limit]:
        figures = dict(zip(columns[3:], stored, strict=True))
        vitals = {
            field: (figures[names.p75], figures[names.good], figures[names.poor], figures[names.values])
            for field, names in VITAL_COLUMNS.items()
        }
        found.append(
            {
                "window_start_at": format_rfc3339_ms(start_ms),
                "window_end_at": format_rfc3339_ms(start_ms + length_ms),
                "app_id": app_id,
                "dimension": by,
                "value": value,
                "views": views,
                **web_vitals.columns_of(vitals),
                "revision": revision,
                "is_final": _span.is_final(context.now_ms, start_ms + length_ms),
            }
        )
    return found


QUESTION = Question(
    "windowed-web-vitals",
    __doc__,
    columns=(
        "window_start_at",
        "window_end_at",
        "app_id",
        "dimension",
        "value",
        "views",
        *web_vitals.COLUMNS,
        "revision",
        "is_final",
    ),
    parameters=_read.OF_WINDOWS,
    source=HDFS,
    run=run,
    when_empty="No browser said in this time how fast a page felt, or none of its windows is closed and published yet. "
    "`./footfall status` shows how far windows are behind.",
)

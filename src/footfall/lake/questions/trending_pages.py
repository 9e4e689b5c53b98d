"""Pages with more views than in the half hour before."""

from collections import defaultdict
from typing import Any

from footfall.events.times import format_rfc3339_ms
from footfall.hdfs import Hdfs
from footfall.lake.questions import _read
from footfall.lake.questions._span import MINUTE_MS
from footfall.metrics.trending import WINDOW_MINUTES, WINDOWS_BEFORE, baseline, score
from footfall.questions.model import Question
from footfall.questions.sources import HDFS, Context


def run(context: Context[Hdfs], app: str | None) -> list[dict[str, Any]]:
    """Rows of `trending-pages`, the highest score first; no rows until the first minute is closed.

    The score compares the five minutes up to the newest closed minute with the mean of the six five-minute windows
    before them. The title is the newest one of these 35 minutes. Raises HdfsUnavailable.
    """
    # Imported here, since it imports pyarrow, which is slow.
    from footfall.lake import window_files

    closed_until = window_files.read_closed(context.store)
    if closed_until is None:
        return []
    end_ms = closed_until * MINUTE_MS
    first_ms = end_ms - (1 + WINDOWS_BEFORE) * WINDOW_MINUTES * MINUTE_MS
    views: dict[tuple[str, str], int] = defaultdict(int)
    earlier: dict[tuple[str, str], int] = defaultdict(int)
    titles: dict[tuple[str, str], str] = {}
    rows = _read.rows(context.store, 1, app, "page", first_ms, end_ms, ("app_id", "value", "page_views", "page_title"))
    for start_ms, app_id, path, page_views, title in sorted(rows, key=lambda row: row[0]):
        now = start_ms >= end_ms - WINDOW_MINUTES * MINUTE_MS
        (views if now else earlier)[app_id, path] += page_views
        if title is not None:
            titles[app_id, path] = title
    scored = []
    for page, count in views.items():
        usual = baseline(earlier[page])
        if (of_page := score(count, usual)) is not None:
            scored.append((of_page, page, count, usual))
    scored.sort(key=lambda entry: (-entry[0], entry[1]))
    return [
        {
            "window_end_at": format_rfc3339_ms(end_ms),
            "app_id": app_id,
            "page_path": path,
            "page_title": titles.get((app_id, path)),
            "views": count,
            "baseline_views": usual,
            "score": of_page,
            "rank": rank,
        }
        for rank, (of_page, (app_id, path), count, usual) in enumerate(scored, start=1)
    ]


QUESTION = Question(
    "trending-pages",
    __doc__,
    columns=("window_end_at", "app_id", "page_path", "page_title", "views", "baseline_views", "score", "rank"),
    parameters=(_read.APP,),
    source=HDFS,
    run=run,
    when_empty="No page was viewed ten times in the newest five minutes whose windows are published.",
)

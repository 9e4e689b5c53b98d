"""The newest lines of the sites' logs."""

from datetime import date, datetime, timezone
from typing import Any

from footfall.hdfs import Hdfs
from footfall.logs.newest_lines import newest
from footfall.names import LOG_KINDS
from footfall.questions import parameters
from footfall.questions.model import Question
from footfall.questions.sources import HDFS, Context


def run(context: Context[Hdfs], app: str | None, kind: str | None, limit: int) -> list[dict[str, Any]]:
    """Rows of `log-tail`. kind: None for all kinds. Raises HdfsUnavailable."""
    today = _today(context)
    found = [
        (logged, name)
        for name in LOG_KINDS
        if kind in (None, name)
        for logged in newest(context.store, name, today, lambda line: app in (None, line.app_id), limit)
    ]
    found.sort(key=lambda item: (-item[0].at_ms, item[0].line.app_id, item[1], item[0].line.request_id))
    return [
        {
            "logged_at": line.logged_at,
            "app_id": line.app_id,
            "kind": name,
            "level": line.level,
            "request_id": line.request_id,
            "page_path": line.page_path,
            "status": line.status,
            "duration_us": line.duration_us,
            "message": line.message,
        }
        for (_, line), name in found[:limit]
    ]


def _logged(context: Context[Hdfs], app: str) -> list[str]:
    """The app, once for each kind of which this question can reach a line."""
    today = _today(context)
    found = (newest(context.store, name, today, lambda line: line.app_id == app, 1) for name in LOG_KINDS)
    return [logged.line.app_id for lines in found for logged in lines]


def _today(context: Context[Hdfs]) -> date:
    return datetime.fromtimestamp(context.now_ms / 1000, timezone.utc).date()


QUESTION = Question(
    "log-tail",
    __doc__,
    columns=(
        "logged_at",
        "app_id",
        "kind",
        "level",
        "request_id",
        "page_path",
        "status",
        "duration_us",
        "message",
    ),
    parameters=(parameters.app(_logged), parameters.KIND, parameters.limit(default=100, most=10_000)),
    source=HDFS,
    run=run,
    when_empty="HDFS has no such line of today or yesterday. Flume brings lines there within minutes.",
)

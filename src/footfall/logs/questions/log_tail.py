"""The newest lines of the sites' logs."""

from datetime import datetime, timezone
from typing import Any

from footfall.hdfs import Hdfs
from footfall.logs.newest_lines import newest
from footfall.names import LOG_KINDS
from footfall.questions import parameters
from footfall.questions.model import Question
from footfall.questions.sources import HDFS, Context


def run(context: Context[Hdfs], apps: tuple[str, ...], kind: str | None, limit: int) -> list[dict[str, Any]]:
    """Rows of `log-tail`. kind None: of each. Raises HdfsUnavailable."""
    today = datetime.fromtimestamp(context.now_ms / 1000, timezone.utc).date()
    found = [
        (told, name)
        for name in LOG_KINDS
        if kind in (None, name)
        for told in newest(context.store, name, today, lambda line: line.app_id in apps, limit)
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
    parameters=(parameters.APP, parameters.KIND, parameters.limit(default=100, most=10_000)),
    source=HDFS,
    run=run,
)

"""The newest lines of the sites' logs."""

from datetime import date, datetime, timezone
from typing import Any, Final

from footfall.hdfs import Hdfs
from footfall.logs.newest_lines import newest
from footfall.names import LOG_KINDS
from footfall.questions import Context, Parameter, Question, UnknownValue, check_known, one_app

_LIMIT: Final = 100
_MOST: Final = 10_000


def run(context: Context, app: str | None, kind: str | None, limit: int) -> list[dict[str, Any]]:
    """Rows of `log-tail`. app: None or `all` for every app; kind: None for each.

    Raises UnknownValue and HdfsUnavailable.
    """
    hdfs = Hdfs(context.settings)
    today = datetime.fromtimestamp(context.now_ms / 1000, timezone.utc).date()
    one = one_app(context, app, lambda: _logged(hdfs, today, app))
    if kind is not None:
        check_known("kind", kind, LOG_KINDS)
    if not 1 <= limit <= _MOST:
        raise UnknownValue(f"The parameter limit lies between 1 and {_MOST}.")
    found = [
        (told, name)
        for name in LOG_KINDS
        if kind in (None, name)
        for told in newest(hdfs, name, today, lambda line: one in (None, line.app_id), limit)
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


def _logged(hdfs: Hdfs, today: date, app: str | None) -> list[str]:
    """That app, if there is a line of it that this question can reach."""
    found = (newest(hdfs, name, today, lambda line: line.app_id == app, 1) for name in LOG_KINDS)
    return [told.line.app_id for lines in found for told in lines]


QUESTION = Question(
    "log-tail",
    (
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
    (
        Parameter("app", "a site's app_id, or all"),
        Parameter("kind", "access, error or performance"),
        Parameter("limit", "how many lines", int, _LIMIT),
    ),
    run,
)

"""What is out of the ordinary, or was in the last days."""

from typing import Any

from footfall.questions import Context, Parameter, Question, apps, check_known
from footfall.realtime.alerts import past
from footfall.realtime.alerts.alert import OPEN, RESOLVED, row


def run(context: Context, app: str | None, state: str | None) -> list[dict[str, Any]]:
    """Rows of `live-alerts`, the newest first. Raises UnknownValue."""
    wanted = apps(app)
    if state is not None:
        check_known("state", state, (OPEN, RESOLVED))
    kept = past.alerts(context.store)
    found = [row(alert) for alert in kept if alert.app_id in wanted and state in (None, alert.state)]
    found.sort(key=lambda one: str(one["alert_id"]))
    return sorted(found, key=lambda one: str(one["raised_at"]), reverse=True)


QUESTION = Question(
    "live-alerts",
    (
        "alert_id",
        "kind",
        "severity",
        "app_id",
        "page_path",
        "state",
        "started_at",
        "raised_at",
        "resolved_at",
        "observed",
        "expected",
        "n",
        "tail_p",
        "sample_request_id",
    ),
    (
        Parameter("app", "shop, news, academy or all"),
        Parameter("state", "open or resolved; both if not given"),
    ),
    run,
)

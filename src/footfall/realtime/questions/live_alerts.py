"""What is out of the ordinary, or was in the last days."""

from typing import Any

from footfall.questions import Context, Parameter, Question, check_known, one_app
from footfall.realtime.alerts import past
from footfall.realtime.alerts.alert import OPEN, RESOLVED, row
from footfall.realtime.apps import counted_apps


def run(context: Context, app: str | None, state: str | None) -> list[dict[str, Any]]:
    """Rows of `live-alerts`, the newest first. Raises UnknownValue."""
    one = one_app(context, app, lambda: _known(context))
    if state is not None:
        check_known("state", state, (OPEN, RESOLVED))
    kept = past.alerts(context.store)
    found = [row(alert) for alert in kept if one in (None, alert.app_id) and state in (None, alert.state)]
    found.sort(key=lambda one: str(one["alert_id"]))
    return sorted(found, key=lambda one: str(one["raised_at"]), reverse=True)


def _known(context: Context) -> set[str]:
    """The apps of the live tables: alerts may outlive the rows that they were found in."""
    return {*counted_apps(context.store), *(alert.app_id for alert in past.alerts(context.store))}


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
        Parameter("app", "a site's app_id, or all"),
        Parameter("state", "open or resolved; both if not given"),
    ),
    run,
)

"""What is out of the ordinary now, and what was."""

from typing import Any

from footfall.questions import parameters
from footfall.questions.model import Question
from footfall.questions.sources import Context
from footfall.realtime.alerts import past
from footfall.realtime.alerts.alert import OPEN, RESOLVED, row
from footfall.realtime.apps import counted_apps
from footfall.realtime.questions import HBASE
from footfall.realtime.store import HBaseStore


def run(context: Context[HBaseStore], app: str | None, state: str | None) -> list[dict[str, Any]]:
    """Rows of `live-alerts`, the newest first; state None: all states. Raises HBaseUnavailable."""
    kept = past.stored_alerts(context.store)
    found = [row(alert) for alert in kept if app in (None, alert.app_id) and state in (None, alert.state)]
    found.sort(key=lambda one: str(one["alert_id"]))
    return sorted(found, key=lambda one: str(one["raised_at"]), reverse=True)


def _known(context: Context[HBaseStore], _app: str) -> set[str]:
    """The apps of the live tables, including those of alerts, which may outlive the rows they were found in."""
    return {*counted_apps(context.store), *(alert.app_id for alert in past.stored_alerts(context.store))}


QUESTION = Question(
    "live-alerts",
    __doc__,
    columns=(
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
    parameters=(parameters.app(_known), parameters.state(OPEN, RESOLVED)),
    source=HBASE,
    run=run,
    when_empty="Nothing was out of the ordinary in the days for which alerts are kept.",
)

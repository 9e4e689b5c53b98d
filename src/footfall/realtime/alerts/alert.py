"""The alert: its fields, its states and its row."""

from typing import Any, Final, NamedTuple

from footfall.events.times import format_rfc3339_ms

KINDS: Final = ("errors", "slow", "drop", "bots", "rejects", "values")
OPEN: Final = "open"
RESOLVED: Final = "resolved"
CRITICAL: Final = "critical"
WARNING: Final = "warning"

# Kind, site, page; the page is None for the whole site.
Key = tuple[str, str, str | None]


class Alert(NamedTuple):
    """Figures of a site or a page that are out of the ordinary. Times are in ms since 1970.

    `observed` to `sample_request_id` are those of the worst finding so far; see `rules.Finding`.
    """

    kind: str
    app_id: str
    page_path: str | None
    severity: str
    state: str
    started_ms: int
    raised_ms: int
    resolved_ms: int | None
    observed: float
    expected: float
    n: int
    tail_p: float
    sample_request_id: str | None

    @property
    def key(self) -> Key:
        """The kind, site and page that the alert is about."""
        return self.kind, self.app_id, self.page_path

    @property
    def alert_id(self) -> str:
        """The id. Two processes that find the same incident give it the same id."""
        return f"{self.kind}:{self.app_id}:{self.page_path or ''}:{self.started_ms}"


def row(alert: Alert) -> dict[str, Any]:
    """An alert as a row of `live-alerts` and as a message of the topic `alerts`."""
    resolved = alert.resolved_ms
    return {
        "alert_id": alert.alert_id,
        "kind": alert.kind,
        "severity": alert.severity,
        "app_id": alert.app_id,
        "page_path": alert.page_path,
        "state": alert.state,
        "started_at": format_rfc3339_ms(alert.started_ms),
        "raised_at": format_rfc3339_ms(alert.raised_ms),
        "resolved_at": None if resolved is None else format_rfc3339_ms(resolved),
        "observed": float(alert.observed),
        "expected": float(alert.expected),
        "n": alert.n,
        "tail_p": float(alert.tail_p),
        "sample_request_id": alert.sample_request_id,
    }

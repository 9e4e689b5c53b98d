"""What an alert says."""

from typing import Any, Final, NamedTuple

from footfall.events.times import format_rfc3339_ms

KINDS: Final = ("errors", "slow", "drop", "bots", "rejects")
OPEN: Final = "open"
RESOLVED: Final = "resolved"
CRITICAL: Final = "critical"
WARNING: Final = "warning"

# Kind, site, page; no page: the whole site.
Key = tuple[str, str, str | None]


class Alert(NamedTuple):
    """Something out of the ordinary. Times in ms since 1970; see `rules.Finding` for the figures, which are those of
    the worst moment."""

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
        """What it is about."""
        return self.kind, self.app_id, self.page_path

    @property
    def alert_id(self) -> str:
        """The same for the same trouble, whoever finds it."""
        return f"{self.kind}:{self.app_id}:{self.page_path or ''}:{self.started_ms}"


def row(alert: Alert) -> dict[str, Any]:
    """An alert as it is told outside: a row of `live-alerts`, and a message of the topic `alerts`."""
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

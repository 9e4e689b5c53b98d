"""Valid events for tests, in which each field can be replaced."""

from typing import Any

from footfall.events.identity import new_uuid7
from footfall.events.times import format_rfc3339_ms

# 2026-11-24T08:00:00.000Z
NOW_MS = 1_795_507_200_000
ABSENT: Any = object()


def example_event(now_ms: int = NOW_MS, **overrides: Any) -> dict[str, Any]:
    """A valid page view of the shop as a browser sends it at `now_ms`, half a second after it happened.

    overrides: fields to replace or add; `ABSENT` leaves one out. Identities are new at each call.
    """
    occurred_ms = now_ms - 500
    event = {
        "schema_version": "1.0",
        "event_id": new_uuid7(occurred_ms),
        "event_type": "page_view",
        "app_id": "shop",
        "occurred_at": format_rfc3339_ms(occurred_ms),
        "sent_at": format_rfc3339_ms(now_ms),
        "anonymous_id": new_uuid7(occurred_ms),
        "session_id": new_uuid7(occurred_ms),
        "seq": 3,
        "page_view_id": new_uuid7(occurred_ms),
        "page_path": "/product/blue-kettle",
        "page_section": "kitchen",
        "page_type": "product",
        "request_id": new_uuid7(occurred_ms),
        "page_title": "Blue kettle – Shop",
        "previous_path": "/list/kitchen",
        "item_id": "blue-kettle",
        "item_type": "product",
        "response_ms": 35,
        "http_status": 200,
        "device_type": "desktop",
        "browser": "Firefox",
        "os": "Linux",
        "language": "en-GB",
        "timezone": "Europe/London",
        "viewport_w": 1280,
        "viewport_h": 800,
        "consent": "granted",
    }
    event.update(overrides)
    return {name: value for name, value in event.items() if value is not ABSENT}


def stored_event(now_ms: int = NOW_MS, **overrides: Any) -> dict[str, Any]:
    """The same event as the collector stores it when it arrives at once."""
    stored = example_event(now_ms)
    stored |= {
        "event_time": stored["occurred_at"],
        "received_at": stored["sent_at"],
        "ip_prefix": "203.0.113.0/24",
        "is_bot": False,
    }
    stored.update(overrides)
    return {name: value for name, value in stored.items() if value is not ABSENT}

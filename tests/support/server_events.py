"""Valid events of servers for tests, in which each field can be replaced."""

from importlib.resources import files
from typing import Any, Final

import orjson

from footfall.events.times import format_rfc3339_ms
from tests.support.events import ABSENT, NOW_MS

SERVER_SCHEMA: Final[dict[str, Any]] = orjson.loads(
    (files("footfall.events") / "server_event.schema.json").read_bytes()
)
FIELDS: Final = tuple(SERVER_SCHEMA["$defs"]["sent_by_server"]["properties"])


def server_event(now_ms: int = NOW_MS, **overrides: Any) -> dict[str, Any]:
    """An order that was paid two minutes before `now_ms`, as a server sends it. `ABSENT` leaves a field out."""
    event = {
        "id": "order-paid-1001",
        "type": "purchase",
        "time": format_rfc3339_ms(now_ms - 120_000),
        "user_id": "anna",
        "order_id": "1001",
        "value_cents": 2499,
        "currency": "EUR",
        **overrides,
    }
    return {name: value for name, value in event.items() if value is not ABSENT}

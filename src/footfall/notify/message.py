"""A message of the topic `alerts`. Kafka asks for no password, so a message may be anything."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from footfall.events.times import parse_rfc3339_ms
from footfall.names import APP_ID


class _Message(msgspec.Struct):
    """The fields that words, mails and requests are made of."""

    alert_id: str
    kind: Literal["errors", "slow", "drop", "bots", "rejects"]
    severity: Literal["warning", "critical"]
    app_id: Annotated[str, Meta(pattern=rf"^{APP_ID}\Z")]
    page_path: str | None
    state: Literal["open", "resolved"]
    started_at: str
    raised_at: str
    resolved_at: str | None
    observed: float
    expected: float
    n: int
    sample_request_id: str | None


_check: Final = msgspec.json.Decoder(_Message).decode
_read: Final = msgspec.json.Decoder().decode


def read(record: bytes) -> dict[str, Any]:
    """The alert in a message, as `alert.row` made it. Raises ValueError if it is none."""
    try:
        alert = _check(record)
        for time in (alert.started_at, alert.raised_at, alert.resolved_at):
            if time is not None:
                parse_rfc3339_ms(time)
        row: dict[str, Any] = _read(record)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"It is no alert: {error}.") from None
    return row

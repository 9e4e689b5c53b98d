"""Rejects: the reason why an event was refused, and the record with its bytes for a later repair and replay."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import orjson

from footfall.events.times import format_rfc3339_ms, parse_rfc3339_ms

Stage = Literal["parse", "schema", "site", "time"]
Reason = Literal[
    "not_json",
    "too_deep",
    "not_an_object",
    "unknown_version",
    "missing_field",
    "unknown_field",
    "wrong_type",
    "not_allowed",
    "bad_format",
    "out_of_range",
    "too_long",
    "control_character",
    "foreign_app",
    "too_old",
    "bad_clock",
]
# How an event was sent, if not by a browser.
Via = Literal["server"]
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)

# Reason → stage, in the order in which an event passes the stages.
STAGE_OF: Final[dict[Reason, Stage]] = {
    "not_json": "parse",
    "too_deep": "parse",
    "not_an_object": "schema",
    "unknown_version": "schema",
    "missing_field": "schema",
    "unknown_field": "schema",
    "wrong_type": "schema",
    "not_allowed": "schema",
    "bad_format": "schema",
    "out_of_range": "schema",
    "too_long": "schema",
    "control_character": "schema",
    "foreign_app": "site",
    "too_old": "time",
    "bad_clock": "time",
}


@dataclass(frozen=True, slots=True)
class Reject:
    """The reason why an event is refused. It is a value, not an exception, because invalid events are normal.

    detail: a sentence with the field and the rule, without the value that was sent.
    event_id: as sent, if it is short and printable.
    """

    reason: Reason
    detail: str
    event_id: str | None = None

    @property
    def stage(self) -> Stage:
        """The stage at which the event failed."""
        return STAGE_OF[self.reason]


@dataclass(frozen=True, slots=True)
class RejectRecord:
    """One record of the topic `events.rejected`.

    denied: whether consent was denied, by the event or its request. via: how the event was sent, if not by a browser.
    """

    event_id: str | None
    app_id: str
    reason: str
    stage: str
    detail: str
    rejected_at_ms: int
    original: bytes
    denied: bool = False
    via: Via | None = None


def reject_record(
    reject: Reject, original: bytes, app_id: str, rejected_at_ms: int, denied: bool = False, via: Via | None = None
) -> bytes:
    """Encodes a record of `events.rejected`.

    original: the bytes that were sent, or what may be kept of them (`consent.refused`). app_id: the site that received
    them, whatever the event itself contains. denied: whether consent was denied. via: how the event was sent, if not by
    a browser. A replay knows nothing else about the request.
    """
    record = {
        "event_id": reject.event_id,
        "app_id": app_id,
        "reason": reject.reason,
        "stage": reject.stage,
        "detail": reject.detail,
        "rejected_at": format_rfc3339_ms(rejected_at_ms),
        "original": base64.b64encode(original).decode("ascii"),
        "denied": denied,
    }
    return orjson.dumps(record if via is None else {**record, "via": via})


def read_reject_record(value: bytes) -> RejectRecord:
    """Decodes a record of `events.rejected`; ValueError with a sentence if it is malformed."""
    try:
        fields: Any = orjson.loads(value)
        return RejectRecord(
            event_id=fields["event_id"],
            app_id=fields["app_id"],
            reason=fields["reason"],
            stage=fields["stage"],
            detail=fields["detail"],
            rejected_at_ms=parse_rfc3339_ms(fields["rejected_at"]),
            original=base64.b64decode(fields["original"], validate=True),
            denied=bool(fields.get("denied")),
            via="server" if fields.get("via") == "server" else None,
        )
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise ValueError(f"This record of events.rejected cannot be read: {type(error).__name__}.") from None

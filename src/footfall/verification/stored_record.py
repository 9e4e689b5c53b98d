"""Parses one record of `events`: checks the fields that every stored event has, and keeps the rest unchanged."""

from typing import Any, Final, NamedTuple

import orjson

from footfall.events.times import parse_rfc3339_ms
from footfall.verification.identity import event_bytes

_TEXTS: Final = ("app_id", "event_type", "session_id", "anonymous_id")
_TEXTS_OR_NONE: Final = (
    "user_id",
    "page_view_id",
    "page_path",
    "page_section",
    "page_type",
    "element",
    "event_name",
    "country",
    "device_type",
    "error_code",
    "error_message",
    "request_id",
)
_NUMBERS_OR_NONE: Final = ("http_status", "response_ms", "engaged_ms", "lcp_ms", "inp_ms", "cls_milli", "ttfb_ms")


class Unreadable(ValueError):
    """A record that is no stored event."""


class Stored(NamedTuple):
    """An event in Kafka. time_ms: event_time in ms since 1970. fields: all fields of the record."""

    session_id: str
    event_id: bytes
    app_id: str
    time_ms: int
    backfill: bool
    fields: dict[str, Any]


def read_stored(value: bytes) -> Stored:
    """The event in a record's bytes. Raises Unreadable."""
    try:
        fields = orjson.loads(value)
        if type(fields) is not dict:
            raise Unreadable("no JSON object")
        for name in _TEXTS:
            _check_text(fields[name])
        for name in _TEXTS_OR_NONE:
            if (text := fields.get(name)) is not None:
                _check_text(text)
        for name in _NUMBERS_OR_NONE:
            if (number := fields.get(name)) is not None and type(number) is not int:
                raise Unreadable(f"{name} is no whole number")
        if type(fields["is_bot"]) is not bool or type(fields["seq"]) is not int or not fields["session_id"]:
            raise Unreadable("is_bot, seq or session_id cannot be used")
        parse_rfc3339_ms(fields["received_at"])
        return Stored(
            fields["session_id"],
            event_bytes(fields["event_id"]),
            fields["app_id"],
            parse_rfc3339_ms(fields["event_time"]),
            bool(fields.get("backfill")),
            fields,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(f"{type(error).__name__}: {str(error)[:200]}") from None


def _check_text(text: Any) -> None:
    # NUL separates the parts of row keys in the live tables. The schema allows no control character.
    if type(text) is not str or "\0" in text:
        raise Unreadable("a text is missing or wrong")

"""Validates events against `event.schema.json`. This happens once, when an event is received."""

from importlib.resources import files
from typing import Any, Final, cast

import orjson

from footfall.events.compiler import compile_reader
from footfall.events.rejects import Reason, Reject, Via

SCHEMA: Final[dict[str, Any]] = orjson.loads((files(__package__) / "event.schema.json").read_bytes())
# Limit for the JSON of all fields of a later minor version, in bytes.
MAX_EXTRA_BYTES: Final = 8192
_MAX_EXTRA_FIELDS: Final[int] = SCHEMA["$defs"]["extra"]["maxProperties"]

_KNOWN: Final = frozenset(SCHEMA["$defs"]["sent"]["properties"])
# All fields of these versions are known. Later minor versions may have more.
_CLOSED_VERSIONS: Final = frozenset(SCHEMA["$defs"]["sent"]["if"]["properties"]["schema_version"]["enum"])
_read_sent: Final = {
    None: compile_reader(SCHEMA, "sent_by_browser"),
    "server": compile_reader(SCHEMA, "sent"),
}
_read_stored: Final = compile_reader(SCHEMA, "stored")
_NOT_AN_OBJECT: Final = Reject("not_an_object", "An event must be a JSON object.")


def check_sent(event: object, via: Via | None = None) -> Reject | None:
    """Returns a Reject if a sent event is invalid, else None. Never raises. via: see `read_sent`."""
    read = read_sent(event, via)
    return read if isinstance(read, Reject) else None


def check_stored(event: object) -> Reject | None:
    """Returns a Reject if a stored event is invalid, else None. Never raises."""
    if type(event) is not dict:
        return _NOT_AN_OBJECT
    fault = _read_stored(event, {})
    return None if fault is None else _reject(event, *fault)


def read_sent(event: object, via: Via | None = None) -> dict[str, Any] | Reject:
    """Returns a sent event as a new dict in the order of the schema, or a Reject. Never raises.

    via: how the event was sent; None is a browser, whose events mostly belong to a page.
    Nulls and the collector's fields are left out. Integers written as 3.0 become 3. Unknown fields of a later minor
    version are in `extra`.
    """
    if type(event) is not dict:
        return _NOT_AN_OBJECT
    read: dict[str, Any] = {}
    fault = _read_sent[via](event, read)
    if fault is None and read["schema_version"] not in _CLOSED_VERSIONS and not event.keys() <= _KNOWN:
        fault = _keep_unknown(event, read)
    return read if fault is None else _reject(event, *fault)


def _keep_unknown(event: dict[Any, Any], read: dict[str, Any]) -> tuple[Reason, str] | None:
    extra = {name: value for name, value in event.items() if name not in _KNOWN}
    try:
        size = len(orjson.dumps(extra))
        # In the stored event they are one level deeper, and orjson must be able to write it.
        orjson.dumps([extra])
    except TypeError:
        # orjson can parse deeper nesting than it can write. No other parsed JSON fails here.
        return ("too_deep", "The fields of a later version are nested too deeply.")
    if size > MAX_EXTRA_BYTES or len(extra) > _MAX_EXTRA_FIELDS:
        return (
            "too_long",
            f"The fields of a later version exceed {MAX_EXTRA_BYTES} bytes or {_MAX_EXTRA_FIELDS} fields.",
        )
    read["extra"] = extra
    return None


def _reject(event: dict[str, Any], reason: str, detail: str) -> Reject:
    event_id = event.get("event_id")
    shown = type(event_id) is str and 0 < len(event_id) <= 64 and event_id.isprintable()
    return Reject(cast(Reason, reason), detail, event_id if shown else None)

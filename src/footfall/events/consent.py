"""What may be kept of an event whose visitor denied consent: the fields of one list, accepted or rejected.

What is not on the list is dropped, so a field that is added to the schema stays out until somebody decides otherwise.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

import orjson

from footfall.events.compiler import compile_reader
from footfall.events.identity import UUID7
from footfall.events.rejects import Reject
from footfall.events.validate import SCHEMA

# Counts and times of the site's pages, and what kind of device and which part of the world they were used from. No
# field that a person or another site may have written: search words, campaigns, messages, properties. None by which
# visits could be joined: logins, addresses, the finer marks of a browser. Paths are kept, so that pages can be counted.
KEPT: Final = frozenset(
    (
        *("schema_version", "event_id", "event_type", "app_id", "occurred_at", "sent_at", "anonymous_id", "session_id"),
        *("seq", "page_view_id", "page_path", "page_section", "page_type", "request_id", "page_title", "previous_path"),
        *(
            "element",
            "results_count",
            "item_id",
            "item_type",
            "quantity",
            "value_cents",
            "currency",
            "order_id",
            "list_id",
        ),
        *("engaged_ms", "scroll_pct", "response_ms", "http_status", "error_code", "device_type", "browser", "os"),
        *("event_name", "lcp_ms", "inp_ms", "ttfb_ms", "cls_milli"),
        *("consent", "received_at", "event_time", "country", "region", "is_bot", "bot_reason", "backfill", "via"),
    )
)
DENIED: Final = "denied"
# The collector's own fields have no shape in the definition of what is sent.
_SHAPES: Final = {
    name: shape for name, shape in SCHEMA["$defs"]["sent"]["properties"].items() if name in KEPT and shape is not True
}


class Refused(NamedTuple):
    """What is stored of a rejected event. denied: whether a replay must treat its consent as denied."""

    reject: Reject
    original: bytes
    denied: bool


def kept(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the fields that may be kept without consent, in their order.

    fields: some or all fields of a valid event. Two of them are changed: the title of a search page may contain the
    words of the search, and is dropped; and `order_id`, which leads to a person in the site's own books, becomes
    `page_view_id`. The lines of an order are sent by one page view, so orders can still be counted.
    """
    left = {name: value for name, value in fields.items() if name in KEPT}
    if left.get("page_type") == "search":
        left.pop("page_title", None)
    if "order_id" in left:
        if "page_view_id" in left:
            left["order_id"] = left["page_view_id"]
        else:
            del left["order_id"]
    return left


def without_consent(event: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a valid event as it is stored if consent is denied; nobody is known for longer than a session."""
    left = kept(event)
    left["consent"] = DENIED
    left["anonymous_id"] = left["session_id"]
    return left


def refused(
    reject: Reject,
    original: bytes,
    event: object,
    by_headers: bool,
    left_of: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None,
) -> Refused:
    """Returns what is stored of a rejected event.

    original: the bytes that were sent. event: the same, parsed; None if it is not JSON. by_headers: whether headers of
    the request denied consent. left_of: what may be kept of an object; None: of one in the form of an event.
    If consent is denied, only those fields are left that may be kept and whose value is valid. Bytes that are no object
    have no fields: then nothing is left. A value of `consent` that the schema does not know may be a refusal, so it
    counts as one.
    """
    if isinstance(event, dict):
        said = event.get("consent")
        if not by_headers and (said is None or said in ("granted", "unknown")):
            return Refused(reject, original, False)
        original = orjson.dumps((left_of or _valid)(event))
    elif by_headers or DENIED.encode() in original:
        original = b""
    else:
        return Refused(reject, original, False)
    identity = reject.event_id
    if identity is not None and UUID7.fullmatch(identity) is None:
        reject = replace(reject, event_id=None)
    return Refused(reject, original, True)


def _valid(event: Mapping[str, Any]) -> dict[str, Any]:
    left: dict[str, Any] = {}
    for name, read in _READERS.items():
        if name in event:
            read({name: event[name]}, left)
    left = kept(left)
    left["consent"] = DENIED
    left.pop("anonymous_id", None)
    if "session_id" in left:
        left["anonymous_id"] = left["session_id"]
    return left


def _reader(name: str) -> Callable[[dict[str, Any], dict[str, Any]], object]:
    """A function that copies this field into a dict if its value is valid."""
    alone = {"type": "object", "required": [], "properties": {name: _SHAPES[name]}, "unevaluatedProperties": False}
    return compile_reader({"$defs": SCHEMA["$defs"] | {"alone": alone}}, "alone")


_READERS: Final = {name: _reader(name) for name in _SHAPES}

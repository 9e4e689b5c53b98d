"""What a site's server sends to the API: a shape of its own, `server_event.schema.json`, and the event made of it.

A server knows no page view, no browser and no UUIDv7. It names each event with an id of its own and says when it
happened and whose it is. The identity follows from these alone, so an event that is sent again is a repeat.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.resources import files
from typing import Any, Final, cast

import orjson

from footfall.events.address import truncate
from footfall.events.cleaning import is_placeholder
from footfall.events.compiler import compile_reader
from footfall.events.consent import DENIED, KEPT, Refused, kept, refused
from footfall.events.geo import NOWHERE, Location
from footfall.events.identity import made_uuid7
from footfall.events.rejects import Reason, Reject
from footfall.events.stamp import MAX_AGE_MS, Context, accept
from footfall.events.times import DAY_MS, format_rfc3339_ms, parse_offset_ms
from footfall.events.validate import SCHEMA

_TEXT: Final = (files(__package__) / "server_event.schema.json").read_text("utf-8")
# The compiler knows references within one document only.
_OWN: Final[dict[str, Any]] = orjson.loads(_TEXT.replace(f"{SCHEMA['$id']}#", "#"))
_DEFINITIONS: Final = {**SCHEMA["$defs"], **_OWN["$defs"]}
_SHAPE: Final = _OWN["$defs"]["sent_by_server"]
_read: Final = compile_reader({"$defs": _DEFINITIONS}, "sent_by_server")
# How far a server's clock may be ahead. Servers set their clocks by the network.
MAX_AHEAD_MS: Final = 5 * 60_000
# A visit takes its source and its device from its first event by `seq`, and its user from the last one. So an event of
# a server comes after those of the browser, unless the server says otherwise. The largest that the schema allows.
LAST_SEQ: Final = 1_000_000
# Of the fields whose names differ: the name in an event.
_NAMES: Final = {"type": "event_type", "name": "event_name"}
# What is no field of the event, but what it is made of.
_OTHERS: Final = frozenset({"id", "time", "ip"})
_LONGEST_ID: Final = 128

Places = Callable[[str | None], Location]


def nowhere(_prefix: str | None) -> Location:
    """The place of a network if there is no database of places."""
    return NOWHERE


def accept_from_server(
    event: object, app_id: str, received_at_ms: int, place_of: Places = nowhere, backfill: bool = False
) -> dict[str, Any] | Reject:
    """Returns the event as it is stored, or a Reject, whose event_id is None. Never raises, whatever `event` is.

    received_at_ms: by the collector's clock, milliseconds since 1970. place_of: of a network, as `address.truncate`
    writes it. backfill: as in `stamp.Context`.
    """
    if type(event) is not dict:
        return Reject("not_an_object", "An event must be a JSON object.")
    given: dict[str, Any] = {}
    if (fault := _read(event, given)) is not None:
        return _reject(event, *fault)
    try:
        at_ms = parse_offset_ms(given["time"])
    except ValueError:
        return Reject("bad_format", "The field time must be a valid date and time.")
    if received_at_ms - at_ms > MAX_AGE_MS:
        return Reject("too_old", "The event happened more than 72 hours before it was received.")
    if at_ms - received_at_ms > MAX_AHEAD_MS:
        return Reject("bad_clock", "The field time lies more than 5 minutes ahead of the collector's clock.")
    if is_placeholder(given["id"]):
        return Reject("not_allowed", "The field id is a placeholder, and identifies no event.")
    prefix = truncate(given.get("ip"))
    if "ip" in given and prefix is None:
        return Reject("bad_format", "The field ip must be an IPv4 or IPv6 address.")
    people = _people(given, app_id, at_ms)
    if isinstance(people, Reject):
        return people
    sent = {
        "schema_version": "1.1",
        "event_id": made_uuid7(at_ms, _digest("event", app_id, given["id"], at_ms) >> (256 - 74)),
        "app_id": app_id,
        "occurred_at": format_rfc3339_ms(at_ms),
        # Then `event_time` is the server's own time, however often and however late it sends the event.
        "sent_at": format_rfc3339_ms(received_at_ms),
        "seq": LAST_SEQ,
        **{_NAMES.get(name, name): value for name, value in given.items() if name not in _OTHERS},
        **people,
    }
    context = Context(app_id, received_at_ms, prefix, place=place_of(prefix), backfill=backfill, via="server")
    stored = accept(sent, context)
    return replace(stored, event_id=None) if isinstance(stored, Reject) else stored


def is_usable_id(sender_id: object) -> bool:
    """Whether this is an id by which a server may name an event."""
    return _is_printable(sender_id) and not is_placeholder(cast(str, sender_id))


def shown_id(event: object) -> str | None:
    """The server's own id of an event that was rejected, if it has a printable one."""
    found = event.get("id") if isinstance(event, dict) else None
    return found if _is_printable(found) else None


def refused_from_server(reject: Reject, original: bytes, event: object) -> Refused:
    """Returns what is stored of a rejected event. original: the bytes that were sent. event: the same, parsed.

    Addresses become those of their networks. Bytes that are no object may hold one anywhere, so nothing is left of
    them: their sender is told, and still has them. If consent is denied, only those fields are left that may be kept
    and whose value is valid; the event loses its id, which may name a person.
    """
    if not isinstance(event, dict):
        return Refused(reject, b"", DENIED.encode() in original)
    without = {name: _without_address(value) for name, value in event.items()}
    if without != event:
        try:
            original = orjson.dumps(without)
        except TypeError:
            # orjson reads deeper nesting than it writes.
            original = orjson.dumps(_valid(without))
    return refused(replace(reject, event_id=shown_id(without)), original, without, False, _valid_without_consent)


def _is_printable(sender_id: object) -> bool:
    return isinstance(sender_id, str) and 0 < len(sender_id) <= _LONGEST_ID and sender_id.isprintable()


def _people(given: Mapping[str, Any], app_id: str, at_ms: int) -> dict[str, str] | Reject:
    """The browser, the session and the user of an event; those that are not given follow from the others."""
    browser, user, session = (_identity(given, name) for name in ("anonymous_id", "user_id", "session_id"))
    is_denied = given.get("consent") == DENIED
    if browser is None and user is not None:
        browser = _derived("visitor", app_id, user)
    if browser is None and not is_denied:
        return Reject("missing_field", "One of the fields user_id and anonymous_id is needed: whose event it is.")
    if session is None and "session_id" in given:
        return Reject("not_allowed", "The field session_id is a placeholder, and identifies no visit.")
    if session is None:
        # Without consent nothing may join a person's events, so each has a session of its own.
        whose = (given["id"], at_ms) if is_denied else (browser, at_ms // DAY_MS)
        session = _derived("session", app_id, *whose)
    people = {"anonymous_id": session if browser is None else browser, "session_id": session}
    return people if user is None else people | {"user_id": user}


def _identity(given: Mapping[str, Any], name: str) -> str | None:
    found: str | None = given.get(name)
    return None if found is None or is_placeholder(found) else found


def _derived(kind: str, *parts: object) -> str:
    return f"server-{_digest(kind, *parts) >> 128:032x}"


def _digest(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256(orjson.dumps(parts)).digest(), "big")


def _reject(event: Mapping[Any, Any], reason: str, detail: str) -> Reject:
    if reason == "unknown_field":
        unknown = sorted(str(name) for name in event.keys() - _SHAPE["properties"])[0]
        named = f"The field {unknown}" if unknown.isidentifier() and len(unknown) <= _LONGEST_ID else "A field"
        detail = f"{named} is not known here."
    return Reject(cast(Reason, reason), detail)


def _without_address(value: object) -> object:
    """A text that is somebody's address, as that of its network; any other value as it is."""
    prefix = truncate(value) if isinstance(value, str) else None
    return value if prefix is None else prefix.partition("/")[0]


def _valid(event: Mapping[str, Any]) -> dict[str, Any]:
    """The fields whose value is valid."""
    left: dict[str, Any] = {}
    for name, read in _READERS.items():
        if name in event:
            read({name: event[name]}, left)
    return left


def _valid_without_consent(event: Mapping[str, Any]) -> dict[str, Any]:
    shown = {_NAMES.get(name, name): value for name, value in _valid(event).items()}
    left = kept({name: value for name, value in shown.items() if name in KEPT and name != "anonymous_id"})
    given = {event_name: name for name, event_name in _NAMES.items()}
    time = {"time": shown["time"]} if "time" in shown else {}
    return {**{given.get(name, name): value for name, value in left.items()}, **time, "consent": DENIED}


def _reader(name: str) -> Callable[[dict[str, Any], dict[str, Any]], object]:
    alone = {"type": "object", "required": [], "properties": {name: _SHAPE["properties"][name]}}
    definitions = _DEFINITIONS | {"alone": alone | {"unevaluatedProperties": False}}
    return compile_reader({"$defs": definitions}, "alone")


_READERS: Final = {name: _reader(name) for name in _SHAPE["properties"]}

"""Repairs the event of a reject: applies changes, adds an event_id if needed, and validates it again."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

from footfall.events.consent import DENIED
from footfall.events.identity import UUID7, made_uuid7
from footfall.events.rejects import Reject, RejectRecord
from footfall.events.server_event import accept_from_server, is_usable_id
from footfall.events.stamp import MAX_AGE_MS, MAX_CLOCK_MS, Context, accept
from footfall.events.validate import SCHEMA
from footfall.names import TOPIC_REJECTED

# The collector always replaces these fields, so they cannot be set.
COLLECTORS_FIELDS: Final = frozenset(
    name for name, shape in SCHEMA["$defs"]["sent"]["properties"].items() if shape is True
)
# An acceptable event happened at most MAX_AGE_MS before it was received. An event_id with a time this long before
# receipt is within MAX_CLOCK_MS of any such event, whatever changes are made to the event's times.
_IDENTITY_BEFORE_MS: Final = MAX_AGE_MS - MAX_CLOCK_MS


class NoEvent(ValueError):
    """The bytes do not contain a JSON object."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes to an event, in the order in which they are applied.

    replacement: JSON to use instead of the original. unset: fields to remove. set: fields and their new values.
    """

    replacement: bytes | None = None
    unset: frozenset[str] = frozenset()
    set: Mapping[str, Any] = field(default_factory=dict)


class Repaired(NamedTuple):
    """A valid event. identity_made: it had no usable `event_id`, so a new one was added."""

    stored: dict[str, Any]
    identity_made: bool


def repair(record: RejectRecord, offset: int, changes: Changes, now_ms: int) -> Repaired | Reject:
    """Returns the event as it is stored after these changes, or the reason why it is still invalid.

    offset: of the reject in its topic. The time of receipt is the time of the rejection. The event is backfill if that
    is more than `MAX_AGE_MS` before `now_ms`. The address and agent of the request were not stored, so the event has no
    place, and no bot rule applies. The same reject with the same changes always has the same event_id. What a server
    sent has the form of `server_event`, changes included.
    Raises NoEvent.
    """
    event = event_in(record.original if changes.replacement is None else changes.replacement)
    if event is None:
        raise NoEvent("The reject does not contain a JSON object.")
    for name in changes.unset:
        event.pop(name, None)
    name, usable = ("event_id", _usable) if record.via is None else ("id", is_usable_id)
    identity_made = name not in changes.set and not usable(event.get(name))
    if identity_made:
        event[name] = _identity(record, offset, changes.replacement)
    event.update(changes.set)
    stored = _accepted(event, record, backfill=now_ms - record.rejected_at_ms > MAX_AGE_MS)
    return stored if isinstance(stored, Reject) else Repaired(stored, identity_made)


def _accepted(event: dict[str, Any], record: RejectRecord, backfill: bool) -> dict[str, Any] | Reject:
    at_ms = record.rejected_at_ms
    if record.via is None:
        return accept(event, Context(record.app_id, at_ms, gpc=record.denied, backfill=backfill))
    denied = {"consent": DENIED} if record.denied else {}
    return accept_from_server(event | denied, record.app_id, at_ms, backfill=backfill)


def event_in(text: bytes) -> dict[str, Any] | None:
    """The JSON object in these bytes; None if they are anything else."""
    try:
        event = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return event if isinstance(event, dict) else None


def _usable(event_id: object) -> bool:
    return isinstance(event_id, str) and UUID7.fullmatch(event_id) is not None


def _identity(record: RejectRecord, offset: int, replacement: bytes | None) -> str:
    """Derives an event_id from the reject alone, so that a second replay counts as a repeat, whatever the changes are.

    A rejected body that was not an event may have contained several events. In that case the event_id depends on the
    replacement too.
    """
    seed = b"%b/%d\0%b" % (TOPIC_REJECTED.encode(), offset, record.original)
    if replacement is not None and event_in(record.original) is None:
        seed += b"\0" + replacement
    bits = int.from_bytes(hashlib.sha256(seed).digest(), "big") >> (256 - 74)
    return made_uuid7(max(0, record.rejected_at_ms - _IDENTITY_BEFORE_MS), bits)

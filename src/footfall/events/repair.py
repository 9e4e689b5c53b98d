"""A reject's event mended: changed as asked, given an identity if it lacks one, and stamped as when it was rejected."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

from footfall.events.identity import UUID7, made_uuid7
from footfall.events.rejects import Reject, RejectRecord
from footfall.events.stamp import MAX_AGE_MS, MAX_CLOCK_MS, Context, accept
from footfall.events.validate import SCHEMA
from footfall.names import TOPIC_REJECTED

# What a sender puts there is replaced, so nobody can set it.
COLLECTORS_FIELDS: Final = frozenset(
    name for name, shape in SCHEMA["$defs"]["sent"]["properties"].items() if shape is True
)
# An event that may still be accepted happened up to MAX_AGE_MS before it was received. An identity of this much
# before is within MAX_CLOCK_MS of all of that, whatever is mended in the event's own times.
_IDENTITY_BEFORE_MS: Final = MAX_AGE_MS - MAX_CLOCK_MS


class NoEvent(ValueError):
    """There is no JSON object that could be an event."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be mended, in the order in which it is done.

    replacement: JSON to take instead of what was sent. unset: fields to leave out. set: fields and their new values.
    """

    replacement: bytes | None = None
    unset: frozenset[str] = frozenset()
    set: Mapping[str, Any] = field(default_factory=dict)


class Mended(NamedTuple):
    """An event that may be stored. identity_made: it had no `event_id` that could be used, and was given one."""

    stored: dict[str, Any]
    identity_made: bool


def mend(record: RejectRecord, offset: int, changes: Changes, now_ms: int) -> Mended | Reject:
    """The event as it is stored after these changes, or why it still may not be. Raises NoEvent.

    offset: the reject's in its topic. It is received when it was rejected, and backfill if that is more than
    `MAX_AGE_MS` before `now_ms`. Address and agent of the request were not kept: no place, no bot rule.
    The same reject with the same changes has the same identity each time.
    """
    event = event_in(record.original if changes.replacement is None else changes.replacement)
    if event is None:
        raise NoEvent("There is no JSON object in it.")
    for name in changes.unset:
        event.pop(name, None)
    identity_made = "event_id" not in changes.set and not _usable(event.get("event_id"))
    if identity_made:
        event["event_id"] = _identity(record, offset, changes.replacement)
    event.update(changes.set)
    backfill = now_ms - record.rejected_at_ms > MAX_AGE_MS
    stored = accept(event, Context(record.app_id, record.rejected_at_ms, gpc=record.denied, backfill=backfill))
    return stored if isinstance(stored, Reject) else Mended(stored, identity_made)


def event_in(text: bytes) -> dict[str, Any] | None:
    """The JSON object in these bytes; None if they hold none."""
    try:
        event = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return event if isinstance(event, dict) else None


def _usable(event_id: object) -> bool:
    return isinstance(event_id, str) and UUID7.fullmatch(event_id) is not None


def _identity(record: RejectRecord, offset: int, replacement: bytes | None) -> str:
    """Of the reject alone, so that the second replay is a repeat of the first, however it was mended.

    A whole body that was no event may have held several: there, what replaces it tells them apart.
    """
    seed = b"%b/%d\0%b" % (TOPIC_REJECTED.encode(), offset, record.original)
    if replacement is not None and event_in(record.original) is None:
        seed += b"\0" + replacement
    bits = int.from_bytes(hashlib.sha256(seed).digest(), "big") >> (256 - 74)
    return made_uuid7(max(0, record.rejected_at_ms - _IDENTITY_BEFORE_MS), bits)

"""Stored sessions: their events in order, and the visits they are cut into."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from footfall import names
from footfall.metrics import visits
from footfall.questions.model import UnknownValue
from footfall.realtime import tables
from footfall.realtime.store import HBaseStore
from footfall.realtime.tables import SessionCell

_EXAMPLES = 5
# The schema's longest name, a user_id.
_LONGEST_NAME = 128


class StoredEvent(NamedTuple):
    """An event of `sessions` with its id as text."""

    event_id: str
    cell: SessionCell


def ordered(cells: Mapping[bytes, bytes]) -> list[StoredEvent]:
    """The events of one session's row, in the order of visits."""
    events = [StoredEvent(str(UUID(bytes=event_id)), cell) for event_id, cell in tables.session_events(cells).items()]
    return sorted(events, key=lambda event: visits.order(event.cell.seq, event.event_id))


def entries_and_exits(events: Iterable[StoredEvent]) -> tuple[set[str], set[str]]:
    """The ids of the page views that begin a visit and of those that end one, among the events of one session."""
    entries, exits = set(), set()
    for visit in visits.cut(
        visits.VisitEvent(event_id, cell.seq, cell.event_time_ms, cell.event_type, cell.app_id, cell.is_bot)
        for event_id, cell in events
    ):
        if (edges := visits.entry_and_exit(visit)) is not None:
            entry, exit_ = edges
            entries.add(entry.event_id)
            exits.add(exit_.event_id)
    return entries, exits


def can_exist(name: str) -> bool:
    """Whether the schema allows such a session or person.

    HBase would refuse an empty key or one of 32 KiB with an error that looks like an outage.
    """
    try:
        return 0 < len(name) <= _LONGEST_NAME and bool(name.encode())
    except UnicodeEncodeError:
        return False


def unknown(store: HBaseStore, what: str, value: str) -> UnknownValue:
    """The error for an unknown session or person; its sentence lists some that exist."""
    found: list[str] = []
    for key in store.first_keys(names.TABLE_USER_PAGES, _EXAMPLES * 4):
        kind, _, rest = key.decode().partition(":")
        person, _, session = rest.partition("\0")
        name = session if what == "session" else person
        if name not in found and (what == "session" or kind in "au"):
            found.append(name)
    listed = ", ".join(islice(found, _EXAMPLES)) or "none yet"
    return UnknownValue(
        f"There is no {what} {value[:_LONGEST_NAME]!r} in the live tables; there are, for example: {listed}."
    )

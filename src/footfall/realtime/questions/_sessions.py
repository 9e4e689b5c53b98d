"""Sessions as stored, put into order and cut into visits."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import islice
from uuid import UUID

from footfall import names
from footfall.questions.model import UnknownValue
from footfall.realtime import tables
from footfall.realtime.store import HBaseStore
from footfall.realtime.tables import SessionCell
from footfall.realtime.visit_edges import DAY_MS, LONGEST_GAP_MS

_EXAMPLES = 5
# The schema's longest name, a user_id.
_LONGEST_NAME = 128

Event = tuple[str, SessionCell]


def ordered(cells: Mapping[bytes, bytes]) -> list[Event]:
    """The events of one session's row with their ids, by (`seq`, `event_id`)."""
    events = [(str(UUID(bytes=event_id)), event) for event_id, event in tables.session_events(cells).items()]
    return sorted(events, key=lambda event: (event[1].seq, event[0]))


def visits(events: list[Event]) -> tuple[set[str], set[str], int]:
    """The ids of the page views that begin and that end a visit, and the newest event's time, ms since 1970.

    People and bots make visits of their own, and so do the apps and the days (UTC) of one session.
    """
    populations: dict[tuple[bool, str, int], list[Event]] = defaultdict(list)
    for event in events:
        cell = event[1]
        populations[cell.is_bot, cell.app_id, cell.event_time_ms // DAY_MS].append(event)
    entries, exits = set(), set()
    for population in populations.values():
        for visit in _cut(population):
            views = [event_id for event_id, cell in visit if cell.event_type == "page_view"]
            if views:
                entries.add(views[0])
                exits.add(views[-1])
    return entries, exits, max((cell.event_time_ms for _, cell in events), default=0)


def can_exist(name: str) -> bool:
    """Whether an event can hold such a session or person.

    HBase would refuse an empty key, or one of 32 KiB, with the words that it has for its own troubles.
    """
    try:
        return 0 < len(name) <= _LONGEST_NAME and bool(name.encode())
    except UnicodeEncodeError:
        return False


def unknown(store: HBaseStore, what: str, value: str) -> UnknownValue:
    """The sentence for a session or a person that no table knows, with some that exist."""
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


def _cut(events: list[Event]) -> list[list[Event]]:
    by_time = sorted(events, key=lambda event: event[1].event_time_ms)
    found: list[list[Event]] = [[by_time[0]]]
    for event in by_time[1:]:
        if event[1].event_time_ms - found[-1][-1][1].event_time_ms > LONGEST_GAP_MS:
            found.append([])
        found[-1].append(event)
    return [sorted(visit, key=lambda event: (event[1].seq, event[0])) for visit in found]
